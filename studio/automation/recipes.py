"""Recipes: the history of one picture, to be done to others."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from studio.api.errors import UserError
from studio.automation import display
from studio.automation.running import execute, shown
from studio.automation.services import services
from studio.document import Document, Picture
from studio.document.named import as_made
from studio.host.recipes import EditStep, read_recipe, to_toml, write_recipe
from studio.host.recipes import Recipe as Content
from studio.host.recipes.checking import check_recipe
from studio.host.recipes.edits import replayed
from studio.host.recipes.export import export_history
from studio.host.recipes.model import Step
from studio.host.recipes.replay import Manner, replay

Edit = Callable[[Picture], Picture]


class Recipe:
    """Steps that can be done to any picture; ``impasto batch`` does them to many.

    Args:
        content: as the host has it.
    """

    def __init__(self, content: Content) -> None:
        self.content = content

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Recipe:
        """The recipe in a file.

        Raises:
            UserError: if there is no such file, or it is no recipe that this Impasto understands.
        """
        return cls(read_recipe(Path(path)))

    @classmethod
    def of(cls, document: Document, name: str) -> Recipe:
        """A recipe of the steps of a document that are done.

        Raises:
            UserError: if none of them can be done again.
        """
        exported = export_history(document.history, name)
        if exported.recipe is None:
            raise UserError(
                "Nothing that was done to the picture can be part of a recipe.",
                "Run an operation first.",
            )
        return cls(exported.recipe)

    @property
    def name(self) -> str:
        """What people call it."""
        return self.content.name

    @property
    def steps(self) -> tuple[Step, ...]:
        """What it does."""
        return self.content.steps

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the history is not in it."""
        return self.content.notes

    @property
    def text(self) -> str:
        """The recipe as it is written: TOML."""
        return to_toml(self.content)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it to a file.

        Raises:
            UserError: if the file cannot be written.
        """
        write_recipe(Path(path), self.content)
        return Path(path)

    def _rows(self) -> list[tuple[str, str, str]]:
        return [
            (str(number), step.title, _values(step)) for number, step in enumerate(self.steps, 1)
        ]

    def __repr__(self) -> str:
        lines = [f"<Recipe “{self.name}”, {len(self.steps)} steps>"]
        lines += [f"  {number}. {title} {values}" for number, title, values in self._rows()]
        return "\n".join([*lines, *(f"  Note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        rows = display.table(("", self.name, "Values"), self._rows())
        return rows + display.notes_html(self.notes)


def do(recipe: Recipe, document: Document, manner: Manner) -> tuple[str, ...]:
    """Do a recipe to a document, each step an undo step; if one fails, nothing is changed.

    Returns:
        What is good to know, sentences.

    Raises:
        UserError: naming the step that fails.
    """
    host = services()
    check_recipe(recipe.content, host.registry, host.store, other_models=manner.other_models)
    picture = document.picture
    notes: list[str] = []
    done: list[tuple[str, Edit, Mapping[str, Any] | None]] = []
    with shown(recipe.name) as observer:
        for number, step in enumerate(recipe.steps, 1):
            single = recipe.content.model_copy(update={"steps": (step,)})
            try:
                result = replay(single, picture, execute, host.store, manner, observer)
            except UserError as error:
                raise type(error)(f"Step {number}: {error.message}", error.hint) from error
            edit = replayed(step).edit(picture) if isinstance(step, EditStep) else _nothing
            made = as_made(edit, result.picture)
            done += [
                (step.title, made, _record(step, record)) for record in result.records or [None]
            ]
            picture = result.picture
            notes += result.notes
    for title, edit, record in done:
        document.apply(title, edit, record)
    return tuple(dict.fromkeys(notes))


def _nothing(picture: Picture) -> Picture:
    return picture


def _record(step: Step, record: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if record is None or isinstance(step, EditStep) or not step.as_layers:
        return record
    return {**record, "as_layers": True}


def _values(step: Step) -> str:
    values = step.values if isinstance(step, EditStep) else step.parameters
    return ", ".join(f"{name} {value}" for name, value in values.items())
