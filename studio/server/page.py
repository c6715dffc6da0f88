"""The page about all addresses: plain HTML out of the schema, as it has to work without a network."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from typing import Any

from studio.api.operation import Operation
from studio.server.schemas import form_schema, parameter_schema

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #1c1c1c; background: #fff; }
code, pre { font: 13px/1.5 ui-monospace, monospace; background: #f2f2f2; border-radius: 4px; }
code { padding: 1px 4px; } pre { padding: .6rem .8rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0;
         border-bottom: 1px solid #ddd; }
details { border-top: 1px solid #ddd; padding: .5rem 0; } summary { cursor: pointer; }
@media (prefers-color-scheme: dark) {
  body { color: #e6e6e6; background: #1e1e1e; } code, pre { background: #2c2c2c; }
  th, td, details { border-color: #444; } a { color: #8ab8ff; }
}
"""
_HEAD = """
<h1>Impasto {version}</h1>
<p>Every operation is one address. Send a form (<code>multipart/form-data</code>) with the picture, a
mask if only a part of it is to change, and the parameters as JSON; the answer is a PNG file.
<a href="/openapi.json">openapi.json</a> says the same for programs.</p>
<p>With <code>?wait=false</code> the answer is a job at once: ask for its state at
<code>GET /v1/jobs/ID</code>, fetch <code>GET /v1/jobs/ID/results/0</code>, and cancel or forget it
with <code>DELETE /v1/jobs/ID</code>. One job runs at a time. Results are kept for some minutes.</p>
<p>What goes wrong comes as <code>application/problem+json</code> with <code>detail</code> (what
happened) and <code>hint</code> (what to do).</p>
<h2>Operations</h2>
"""


def docs_page(operations: Iterable[Operation], version: str, host: str, *, token: bool) -> str:
    """The page.

    Args:
        operations: to describe.
        version: of Impasto.
        host: address and port as the client named them.
        token: whether requests need one.
    """
    sections = "".join(_section(operation, host, token=token) for operation in operations)
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Impasto</title>'
        f"<style>{_STYLE}</style></head><body>{_HEAD.format(version=html.escape(version))}"
        f"{sections}</body></html>"
    )


def _section(operation: Operation, host: str, *, token: bool) -> str:
    form = form_schema(operation)["content"]["multipart/form-data"]["schema"]
    fields = [
        (name, "required" if name in form.get("required", ()) else "", about["description"])
        for name, about in form["properties"].items()
        if name != "parameters"
    ]
    schema, shared = parameter_schema(operation)
    parameters = [
        (
            name,
            _allowed(about, shared),
            json.dumps(about["default"]),
            about.get("description") or about["title"],
        )
        for name, about in schema["properties"].items()
    ]
    return (
        f"<details><summary><code>{html.escape(operation.id)}</code> "
        f"{html.escape(operation.title)}. {html.escape(operation.help)}</summary>"
        f"<pre>{html.escape(_example(operation, host, token=token))}</pre>"
        f"{_table(('Field', '', ''), fields)}"
        f"{_table(('Parameter', 'Allowed', 'Default', ''), parameters) if parameters else ''}"
        "</details>"
    )


def _example(operation: Operation, host: str, *, token: bool) -> str:
    lines = [f"curl http://{host}/v1/operations/{operation.id} -o result.png"]
    if token:
        lines.append('-H "Authorization: Bearer $IMPASTO_TOKEN"')
    if operation.input != "none":
        lines.append("-F picture=@photo.jpg")
    if operation.selection == "required" and operation.input != "none":
        lines.append("-F mask=@mask.png")
    properties = parameter_schema(operation)[0]["properties"]
    plain = {k: v["default"] for k, v in properties.items() if "enum" in v or "minimum" in v}
    lines += [f"-F 'parameters={json.dumps(dict(list(plain.items())[:2]))}'"] if plain else []
    return " \\\n  ".join(lines)


def _allowed(about: dict[str, Any], shared: dict[str, Any]) -> str:
    if "$ref" in about:
        about = shared[about["$ref"].rpartition("/")[2]]
    if "enum" in about:
        return " | ".join(map(str, about["enum"]))
    if "minimum" in about and "maximum" in about:
        return f"{about['minimum']:g} to {about['maximum']:g}"
    if "anyOf" in about:
        return " or ".join(_allowed(each, shared) for each in about["anyOf"])
    return str(about.get("type", ""))


def _table(heading: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{cell}</th>" for cell in heading)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"
