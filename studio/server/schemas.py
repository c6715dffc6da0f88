"""What OpenAPI says of operations: made from the parameters that their plugins declare."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from studio.api.operation import Operation
from studio.api.parameters import describe
from studio.server.uploads import fields_of

_FILE = {"type": "string", "format": "binary"}
_FIELDS: dict[str, dict[str, Any]] = {
    "picture": {**_FILE, "description": "The picture to work on: PNG, JPEG, TIFF, WebP..."},
    "mask": {
        **_FILE,
        "description": "Gray picture of the same size: white is changed, black is kept.",
    },
    "hints": {
        **_FILE,
        "description": "Colors that are known: transparent where nothing is, of the same size.",
    },
    "seed": {
        "type": "integer",
        "minimum": 0,
        "default": 0,
        "description": "The same seed gives the same result.",
    },
    "grow": {
        "type": "integer",
        "minimum": 0,
        "default": 0,
        "description": "Pixels by which the mask grows.",
    },
    "feather": {
        "type": "integer",
        "minimum": 0,
        "default": 0,
        "description": "Pixels over which its edge fades.",
    },
}


def parameter_schema(operation: Operation) -> tuple[dict[str, Any], dict[str, Any]]:
    """The JSON schema of an operation's parameters, and those that it refers to by their names."""
    properties: dict[str, Any] = {}
    shared: dict[str, Any] = {}
    template = f"#/components/schemas/{operation.id}.{{model}}"
    titles = {spec.name: spec for spec in describe(operation.parameters)}
    for name, info in operation.parameters.model_fields.items():
        # Field by field: what forms need to know of one is not all JSON.
        adapter: TypeAdapter[Any] = TypeAdapter(_annotated(info.annotation, info.metadata))
        schema = adapter.json_schema(ref_template=template)
        for key, value in schema.pop("$defs", {}).items():
            shared[f"{operation.id}.{key}"] = value
        told = {"title": titles[name].title, "description": titles[name].help}
        default = {"default": to_jsonable_python(info.default)}
        properties[name] = {**schema, **{k: v for k, v in told.items() if v}, **default}
    whole = {
        "type": "object",
        "title": operation.title,
        "description": operation.help,
        "additionalProperties": False,
        "properties": properties,
    }
    return whole, shared


def form_schema(operation: Operation) -> dict[str, Any]:
    """The body of a request: a form with files and parameters as JSON."""
    reference = {"$ref": f"#/components/schemas/{operation.id}"}
    properties: dict[str, Any] = {}
    for name in fields_of(operation):
        if name == "parameters":
            properties[name] = reference
        elif name in _FIELDS:
            properties[name] = _FIELDS[name]
        else:
            described = f"A picture in place of the parameter {name}."
            properties[name] = {**_FILE, "description": described}
    required = ["picture"] if operation.input != "none" else []
    if operation.selection == "required":
        required.append("mask")
    body: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        body["required"] = required
    encoding = {"parameters": {"contentType": "application/json"}}
    return {
        "required": bool(required),
        "content": {"multipart/form-data": {"schema": body, "encoding": encoding}},
    }


def _annotated(annotation: Any, metadata: list[Any]) -> Any:
    return Annotated[(annotation, *metadata)] if metadata else annotation
