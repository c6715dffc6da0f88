"""What a plugin declares, as plain data: made in the plugin's process, read in the program.

Functions stay where they are: `Asking` in the program asks the process to call them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import Field, TypeAdapter, create_model
from pydantic.fields import FieldInfo

from studio.api.curves import Curve, Levels
from studio.api.galleries import Gallery, WeightedPicture
from studio.api.margins import Margins
from studio.api.models import CheckpointLoader, ModelCard
from studio.api.operation import FollowUp, Operation, Preset
from studio.api.parameters import KEY, Parameters
from studio.api.sketches import Sketch
from studio.api.trainer import Folder, Trainer
from studio.host.plugins import LoadedPlugin

Ask = Callable[..., Any]
"""Calls a function of the plugin: (what, id, name, *arguments), all of them JSON."""
_CALLED = ("output_size", "margins", "margin_values")
_TYPES: Mapping[str, Any] = {
    "number": float,
    "integer": int,
    "boolean": bool,
    "pictures": tuple[WeightedPicture, ...],
    "curve": Curve,
    "levels": Levels,
}
_LIMITS = ("ge", "le", "max_length", "pattern", "allow_inf_nan")


# In the plugin's process


def as_data(plugin: LoadedPlugin) -> dict[str, Any]:
    """All that a loaded plugin declares."""
    module = plugin.module
    return {
        "doc": module.__doc__,
        "version": plugin.version,
        "license": str(getattr(module, "__license__", "")),
        "api_version": getattr(module, "api_version", None),
        "operations": [_operation_data(each, plugin.cards) for each in plugin.operations],
        "cards": [card.model_dump(mode="json") for card in plugin.cards],
        "loaders": [asdict(each) for each in plugin.loaders],
        "trainers": [_trainer_data(each, plugin.cards) for each in plugin.trainers],
        "galleries": [
            [each.id, each.title, str(each.folder), isinstance(each.folder, Path)]
            for each in plugin.galleries
        ],
    }


def _operation_data(operation: Operation, cards: Sequence[ModelCard]) -> dict[str, Any]:
    data = {field.name: getattr(operation, field.name) for field in fields(operation)}
    data["parameters"] = _model_data(operation.parameters, cards)
    data["presets"] = [asdict(each) for each in operation.presets]
    data["follow_ups"] = [asdict(each) for each in operation.follow_ups]
    return data | {name: data[name] is not None for name in _CALLED}


def _trainer_data(trainer: Trainer, cards: Sequence[ModelCard]) -> dict[str, Any]:
    data = {field.name: getattr(trainer, field.name) for field in fields(trainer)}
    data["parameters"] = _model_data(trainer.parameters, cards)
    data["folders"] = [asdict(each) for each in trainer.folders]
    return data


def _model_data(model: type[Parameters], cards: Sequence[ModelCard]) -> dict[str, Any]:
    defaults = model().model_dump(mode="json")
    return {
        "name": model.__name__,
        "doc": model.__doc__,
        "fields": [
            {"name": name, "default": defaults[name], **_field_data(info, cards)}
            for name, info in model.model_fields.items()
        ],
    }


def _field_data(info: FieldInfo, cards: Sequence[ModelCard]) -> dict[str, Any]:
    extra: Any = info.json_schema_extra
    declared: dict[str, Any] = dict(extra[KEY])
    parts = (info.annotation, *get_args(info.annotation))
    words = next((get_args(part) for part in parts if get_origin(part) is Literal), ())
    sketch = declared.get("sketch")
    limits: dict[str, Any] = {}
    for item in info.metadata:
        found = {name: getattr(item, name, None) for name in _LIMITS}
        limits.update({name: value for name, value in found.items() if value is not None})
    if (names := declared.get("names")) is not None:
        declared["names"] = _names_of(names, cards)
    if sketch is not None:
        declared["sketch"] = asdict(sketch)
    return {
        "words": words,
        "optional": type(None) in get_args(info.annotation),
        "title": info.title,
        "help": info.description,
        "limits": limits,
        "declared": declared,
    }


def _names_of(names: Callable[[ModelCard], Sequence[str]], cards: Sequence[ModelCard]) -> list[Any]:
    """What an option offers for the plugin's own models: forms ask for it on the window's thread."""
    found = []
    for card in cards:
        with suppress(Exception):  # it will be asked again, and whoever asks is told
            found.append([card.model_dump(mode="json"), list(names(card))])
    return found


def called(plugin: LoadedPlugin, what: str, key: str, name: str, args: list[Any]) -> Any:
    """The answer of one of the plugin's functions, as JSON.

    Args:
        plugin: the plugin.
        what: ``operation`` or ``loader``, or ``names`` of an operation's or a trainer's parameter.
        key: id of the operation, the trainer or the loader.
        name: of the function's field, or of the parameter.
        args: plain values.

    Raises:
        Exception: whatever it raises.
    """
    if what == "loader":
        from studio.host.declarations import import_function

        loader = next(each for each in plugin.loaders if each.id == key)
        found = import_function(loader.function, ("paths",), f"Checkpoint loader {key!r}")
        recognised = found(tuple(Path(each) for each in args))
        return None if recognised is None else asdict(recognised)
    every: list[Operation | Trainer] = [*plugin.operations, *plugin.trainers]
    declared = next(each for each in every if each.id == key)
    if what == "names":
        extra: Any = declared.parameters.model_fields[name].json_schema_extra
        return list(extra[KEY]["names"](ModelCard.model_validate(args[0])))
    function = getattr(declared, name)
    if name == "margin_values":
        return dict(function(Margins(*args)))
    parameters, width, height = args
    return list(function(declared.parameters(**json.loads(parameters)), width, height))


# In the program


def operation_of(data: Mapping[str, Any], ask: Ask) -> Operation:
    """An operation; its functions are asked."""
    key, model = data["id"], _model_of(data["parameters"], data["id"], ask)
    made: dict[str, Any] = {
        **data,
        "parameters": model,
        "presets": tuple(_preset_of(each, model) for each in data["presets"]),
        "follow_ups": tuple(FollowUp(**each) for each in data["follow_ups"]),
        "keywords": tuple(data["keywords"]),
    }

    def output_size(parameters: Any, width: int, height: int) -> tuple[int, int]:
        text = parameters.model_dump_json()
        across, down = ask("operation", key, "output_size", text, width, height)
        return across, down

    def margins(parameters: Any, width: int, height: int) -> Margins:
        text = parameters.model_dump_json()
        return Margins(*ask("operation", key, "margins", text, width, height))

    def margin_values(given: Margins) -> Mapping[str, Any]:
        values: Mapping[str, Any] = ask("operation", key, "margin_values", *given)
        return values

    for function in (output_size, margins, margin_values):
        name = function.__name__
        made[name] = function if data[name] else None
    return Operation(**made)


def _preset_of(data: Mapping[str, Any], model: type[Parameters]) -> Preset:
    """A preset whose values are of the parameters' types again."""
    made = model(**data["values"])
    return Preset(data["title"], {name: getattr(made, name) for name in data["values"]})


def trainer_of(data: Mapping[str, Any], ask: Ask) -> Trainer:
    """A trainer."""
    folders = tuple(Folder(**each) for each in data["folders"])
    model = _model_of(data["parameters"], data["id"], ask)
    return Trainer(**{**data, "parameters": model, "folders": folders})


def loader_of(data: Mapping[str, Any], function: str) -> CheckpointLoader:
    """A checkpoint loader, with another function in place of its own."""
    loader = CheckpointLoader(**{**data, "suffixes": tuple(data["suffixes"])})
    return replace(loader, function=function)


def gallery_of(data: list[Any]) -> Gallery:
    """A gallery."""
    key, title, folder, is_path = data
    return Gallery(key, title, Path(folder) if is_path else folder)


def _model_of(data: Mapping[str, Any], key: str, ask: Ask) -> type[Parameters]:
    made: dict[str, Any] = {}
    for field in data["fields"]:
        declared = dict(field["declared"])
        kind = declared["kind"]
        annotation: Any = _TYPES.get(kind, str)
        if field["words"]:
            annotation = Literal[tuple(field["words"])]
        if field["optional"]:
            annotation = annotation | None
        _revive(declared, field["name"], key, ask)
        made[field["name"]] = (
            annotation,
            Field(
                default=TypeAdapter(annotation).validate_python(field["default"]),
                title=field["title"],
                description=field["help"],
                json_schema_extra={KEY: declared},
                **field["limits"],
            ),
        )
    model: type[Parameters] = create_model(
        data["name"], __base__=Parameters, __doc__=data["doc"], **made
    )
    return model


def _revive(declared: dict[str, Any], name: str, key: str, ask: Ask) -> None:
    """What is no plain data in a parameter's declaration."""
    if declared.get("names") is not None:
        known = [(ModelCard.model_validate(card), found) for card, found in declared["names"]]

        def names(card: ModelCard) -> list[str]:
            for own, names_of_own in known:
                if own == card:
                    return list(names_of_own)
            found: list[str] = ask("names", key, name, card.model_dump(mode="json"))
            return found

        declared["names"] = names
    if declared.get("sketch"):
        declared["sketch"] = Sketch(**declared["sketch"])
    if "when" in declared:
        declared["when"] = [(other, tuple(values)) for other, values in declared["when"]]
