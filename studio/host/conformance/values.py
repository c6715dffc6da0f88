"""The values of parameters: whether they survive JSON, and the ones at the edge of what is allowed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from studio.api.errors import UserError
from studio.api.operation import Operation
from studio.api.parameters import Parameters, ParameterSpec, canonical_json, describe, validate

_NOWHERE = "nowhere/no-such-picture.png"


def lost_on_the_way(operation: Operation) -> list[str]:
    """Values that change on their way through JSON and back, as in a recipe; sentences."""
    problems = []
    for title, values in {
        "the defaults": {},
        **dict(_presets(operation)),
        **dict(_edges(operation)),
    }.items():
        try:
            first = validate(operation.parameters, dict(values))
        except UserError:
            continue  # values that exclude each other
        text = canonical_json(first)
        try:
            second = validate(operation.parameters, json.loads(text))
        except UserError as error:
            problems.append(f"With {title}, what was written is refused: {error.message}")
            continue
        if second != first or canonical_json(second) != text:
            problems.append(f"With {title}, {_difference(first, second)}")
    return problems


def _difference(first: Parameters, second: Parameters) -> str:
    for name in type(first).model_fields:
        before, after = getattr(first, name), getattr(second, name)
        if before != after:
            return f"{name} goes in as {before!r} and comes back as {after!r}."
    return "the text differs the second time."


def trials(operation: Operation, base: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Presets, and ``base`` with one value at an edge of what is allowed: title and values."""
    for title, values in _presets(operation):
        yield title, {**base, **values}
    for title, values in _edges(operation):
        yield title, {**base, **values}


def _presets(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    for preset in operation.presets:
        yield f"the preset {preset.title}", dict(preset.values)


def _edges(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    for spec in describe(operation.parameters):
        needed = {name: allowed[0] for name, allowed in spec.when}
        for value in _edge_values(spec):
            yield f"{spec.name} = {json.dumps(value)}", {**needed, spec.name: value}


def _edge_values(spec: ParameterSpec) -> list[Any]:
    others: dict[str, list[Any]] = {
        "boolean": [not spec.default],
        "choice": [c.value for c in spec.choices if c.value != spec.default],
        "text": ["", "é\n%s {}"],
        "option": ["no such name"],
        "model": ["no-such-model"],
        "picture": [_NOWHERE],
        "pictures": [[[_NOWHERE, 1.0]]],
        "color": ["#000000", "#ffffff"],
        "curve": [[[0.0, 1.0], [1.0, 0.0]]],
        "levels": [[0.2, 0.5, 0.8, 0.1, 0.9]],
    }
    if spec.kind in ("number", "integer"):
        return [edge for edge in (spec.minimum, spec.maximum) if edge != spec.default]
    return others[spec.kind]
