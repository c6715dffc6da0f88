"""Doing to a picture what a recipe says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.api.errors import Cancelled, UserError
from studio.document import Picture, Raster, composite
from studio.document.regions.masks import from_mask
from studio.host.hints import Dab
from studio.host.models import ModelStore
from studio.host.observer import Observer
from studio.host.recipes.checking import check_models
from studio.host.recipes.edits import replayed
from studio.host.recipes.model import OperationStep, Recipe
from studio.host.recipes.selections import Changed, placed
from studio.host.requests import Precision, RunRequest
from studio.host.results import RunResult, as_layers

Execute = Callable[[RunRequest, Observer], RunResult]
"""Runs one request: on this thread, or on the worker of a queue."""


@dataclass(frozen=True)
class Manner:
    """How a recipe is replayed.

    Attributes:
        device: where to compute.
        precision: of the arithmetic.
        seed: None: the recipe's own seeds; otherwise the first of new ones.
        other_models: whether models may differ from those that the recipe was made with.
    """

    device: str = "auto"
    precision: Precision = "auto"
    seed: int | None = None
    other_models: bool = False


@dataclass(frozen=True)
class Replay:
    """A picture after a recipe.

    Attributes:
        picture: with its layers.
        records: of the runs, in their order.
        notes: what the user should know.
    """

    picture: Picture
    records: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]


def replay(
    recipe: Recipe,
    picture: Picture,
    execute: Execute,
    store: ModelStore,
    manner: Manner | None = None,
    observer: Observer | None = None,
) -> Replay:
    """Do all steps of a recipe to a picture.

    Args:
        recipe: what to do; `studio.host.recipes.checking.check_recipe` has let it pass.
        picture: what to do it to.
        execute: runs requests.
        store: to compare the models that ran with the recipe's.
        manner: device, seeds and so on.
        observer: hears of progress and may cancel.

    Raises:
        UserError: naming the step that fails.
        Cancelled: if the observer asked to stop.
    """
    return _Replay(recipe, execute, store, manner or Manner(), observer or Observer()).run(picture)


class _Replay:
    def __init__(
        self,
        recipe: Recipe,
        execute: Execute,
        store: ModelStore,
        manner: Manner,
        observer: Observer,
    ) -> None:
        self.recipe, self.execute, self.store = recipe, execute, store
        self.manner, self.observer = manner, observer
        self.records: list[Mapping[str, Any]] = []
        self.notes: list[str] = []

    def run(self, picture: Picture) -> Replay:
        for number, step in enumerate(self.recipe.steps):
            if self.observer.cancelled():
                raise Cancelled
            try:
                if isinstance(step, OperationStep):
                    picture = self._operation(number, step, picture)
                else:
                    picture = replayed(step).edit(picture)(picture)
            except UserError as error:
                if len(self.recipe.steps) == 1:
                    raise
                message = f"Step {number + 1}: {error.message}"
                raise type(error)(message, error.hint) from error
        return Replay(picture, tuple(self.records), tuple(dict.fromkeys(self.notes)))

    def _operation(self, number: int, step: OperationStep, picture: Picture) -> Picture:
        chosen = _layer(step, picture)
        seen = picture
        if step.selection is not None:
            selection = self._selection(number, step, picture)
            if selection.blank:
                self.notes.append(f"{step.title or step.operation}: nothing is selected here.")
                return picture
            seen = picture.with_selection(selection)
        seed = step.seed if self.manner.seed is None else (self.manner.seed + number) % 2**31
        request = RunRequest(
            operation=step.operation,
            parameters=step.parameters,
            picture=seen,
            layer=chosen,
            seed=seed,
            grow=step.grow,
            feather=step.feather,
            hints=_dabs(step, picture),
            device=self.manner.device,
            precision=self.manner.precision,
        )
        result = self._execute(number, request)
        if step.models and not self.manner.other_models:
            check_models(step, result.record.get("models", {}), self.store)
        variation = min(step.variation, result.variations - 1)
        self.records.append({"title": result.title, **result.record_of(variation)})
        if result.output == "document":
            return result.after(variation)
        if step.as_layers:
            return as_layers(result)(picture)
        return result.edit(variation)(picture)

    def _execute(self, number: int, request: RunRequest) -> RunResult:
        count = len(self.recipe.steps)
        span = number / count, (number + 1) / count
        result = self.execute(request, _Share(self.observer, *span))
        self.notes.extend(result.notes)
        return result

    def _selection(self, number: int, step: OperationStep, picture: Picture) -> Raster:
        if not isinstance(step.selection, Changed):
            if step.selection is None:
                raise AssertionError("a step without a selection")
            return placed(step.selection, picture.width, picture.height)
        request = RunRequest(
            operation=step.selection.changed_by,
            parameters=step.selection.parameters,
            picture=picture,
            layer=_layer(step, picture),
            seed=step.seed,
            device=self.manner.device,
            precision=self.manner.precision,
        )
        after = self._execute(number, request).edit()(picture)
        if (after.width, after.height) != (picture.width, picture.height):
            raise UserError(
                f"{step.selection.changed_by} gives the picture another size.",
                "Only an operation that keeps it can find a selection.",
            )
        differs = (composite(after) != composite(picture)).any(axis=2)
        return from_mask(np.where(differs, np.uint8(255), np.uint8(0)))


class _Share(Observer):
    """Brings the progress of one step into that of all, and passes on the rest."""

    def __init__(self, observer: Observer, start: float, end: float) -> None:
        self._observer, self._start, self._end = observer, start, end

    def progress(self, fraction: float, message: str) -> None:
        self._observer.progress(self._start + fraction * (self._end - self._start), message)

    def note(self, message: str) -> None:
        self._observer.note(message)

    def cancelled(self) -> bool:
        return self._observer.cancelled()


def _layer(step: OperationStep, picture: Picture) -> str | None:
    if step.layer is None:
        return None
    if step.layer >= len(picture.layers):
        count = len(picture.layers)
        raise UserError(
            f"It works on layer {step.layer + 1} from the bottom, and there are {count} here.",
            "Take `layer` out of the step to work on the active layer.",
        )
    return picture.layers[step.layer].id


def _dabs(step: OperationStep, picture: Picture) -> tuple[Dab, ...]:
    longer = max(picture.width, picture.height)
    return tuple(
        Dab(x * picture.width, y * picture.height, radius * longer, color)
        for x, y, radius, color in step.hints
    )
