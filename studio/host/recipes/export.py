"""The history of a document as a recipe, and what of it a recipe cannot hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from studio import __version__
from studio.api.errors import UserError
from studio.document import Picture
from studio.document.history import History
from studio.document.history import Step as Done
from studio.host.recipes.edits import edit_step
from studio.host.recipes.model import OperationStep, Recipe, Step
from studio.host.recipes.selections import Selection

_SELECTION: TypeAdapter[Selection] = TypeAdapter(Selection)


@dataclass(frozen=True)
class Exported:
    """What became of a history.

    Attributes:
        recipe: None if nothing of it can be done again.
        left_out: titles of the steps that are not in the recipe, each with how often.
        forgotten: how many steps the history had dropped before.
        layers: how many layers the picture had at the beginning; a recipe begins with one.
    """

    recipe: Recipe | None
    left_out: Mapping[str, int]
    forgotten: int = 0
    layers: int = 1


def export_history(history: History, name: str) -> Exported:
    """A recipe of the steps that are done.

    Steps that went back to a snapshot take back what came between. Selections and guides are no
    steps of their own: operations carry the selection they were run with.

    Args:
        history: of a document.
        name: of the recipe.
    """
    done = _path(history.steps[: history.position])
    steps: list[Step] = []
    left_out: Counter[str] = Counter()
    for step in done:
        if _changes_nothing(step):
            continue
        try:
            steps.append(_step(step))
        except UserError:
            left_out[step.title] += 1
    exported = Exported(
        None, dict(left_out), history.dropped, len(done[0].before.layers) if done else 1
    )
    if not steps:
        return exported
    recipe = Recipe(
        name=name.strip()[:200] or "Recipe",
        impasto=__version__,
        notes=_notes(exported),
        steps=tuple(steps),
    )
    return replace(exported, recipe=recipe)


def step_of_record(record: Mapping[str, Any], title: str = "", size: Any = None) -> OperationStep:
    """A step out of the record of a run, as results and saved files carry it.

    Args:
        record: what `studio.host.records.record` made.
        title: of the step.
        size: (width, height) of the picture it was run on, for what the record holds in pixels.

    Raises:
        UserError: if it cannot be done again.
    """
    operation = record.get("operation")
    if not isinstance(operation, str) or not operation:
        raise UserError("A record names no operation.", "It cannot be part of a recipe.")
    selection = record.get("selection")
    return OperationStep(
        operation=operation,
        title=title,
        plugin=str(record.get("plugin", "")),
        plugin_version=str(record.get("plugin_version", "")),
        parameters=dict(record.get("parameters") or {}),
        seed=int(record.get("seed", 0)),
        variation=int(record.get("variation", 0)),
        layer=record.get("layer"),
        as_layers=record.get("as_layers") is True,
        grow=int(record.get("grow", 0)),
        feather=int(record.get("feather", 0)),
        selection=None if selection is None else _SELECTION.validate_python(selection),
        hints=_relative_hints(record.get("hints"), size),
        models=dict(record.get("models") or {}),
        pictures=dict(record.get("pictures") or {}),
    )


def _step(done: Done) -> Step:
    size = done.before.width, done.before.height
    if done.record is not None:
        return step_of_record(done.record, done.title, size)
    if done.edit is not None:
        return edit_step(done.edit, done.before, done.title)
    raise UserError("This cannot be done again.", "It is not part of the recipe.")


def _relative_hints(hints: Any, size: Any) -> tuple[tuple[float, float, float, str], ...]:
    """Dabs in shares of the picture."""
    if not hints:
        return ()
    if isinstance(hints, Mapping) or size is None:
        raise UserError("The hints were a picture.", "Only points can be part of a recipe.")
    width, height = size
    longer = max(width, height)
    return tuple(
        (round(x / width, 7), round(y / height, 7), round(radius / longer, 7), color)
        for x, y, radius, color in hints
    )


def _path(steps: Sequence[Done]) -> list[Done]:
    """The steps that led to the present, without those that a snapshot took back."""
    path: list[Done] = []
    for step in steps:
        states = [each.before for each in path]
        back = next((i for i, state in enumerate(states) if state is step.after), None)
        if back is not None and step.record is None and step.edit is None:
            del path[back:]
        else:
            path.append(step)
    return path


def _changes_nothing(step: Done) -> bool:
    """Whether only what is selected or chosen, or a guide, is different."""
    if step.record is not None or step.edit is not None:
        return False
    return _content(step.before) == _content(step.after)


def _content(picture: Picture) -> tuple[Any, ...]:
    return id(picture.nodes), picture.width, picture.height, picture.icc


def _notes(exported: Exported) -> tuple[str, ...]:
    notes = []
    if exported.left_out:
        left_out = exported.left_out.items()
        told = [title if times == 1 else f"{title} ({times} times)" for title, times in left_out]
        notes.append("Steps that a recipe cannot hold: " + ", ".join(told) + ".")
    if exported.forgotten:
        notes.append(f"The history had forgotten its oldest steps ({exported.forgotten}).")
    if exported.layers > 1:
        notes.append(
            f"The picture had {exported.layers} layers; the recipe begins with a picture of one."
        )
    return tuple(notes)
