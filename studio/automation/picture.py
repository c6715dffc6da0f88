"""A picture that is worked on: operations, undo, layers, selection, recipes, saving."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from studio.api.errors import UserError
from studio.automation import display
from studio.automation.arrays import to_hints, to_mask
from studio.automation.layers import Layers
from studio.automation.recipes import Recipe, do
from studio.automation.results import Result
from studio.automation.running import execute, plain
from studio.automation.tables import History
from studio.document import Array, Document, composite
from studio.document.edits import select
from studio.document.regions.masks import from_mask
from studio.files.documents import SaveOptions, write_document
from studio.files.metadata import Metadata
from studio.host import inputs
from studio.host.disclosure import outgoing_metadata
from studio.host.recipes.replay import Manner
from studio.host.requests import RunRequest


class Picture:
    """One picture with its history. `studio.open` and `studio.create` make them.

    Methods that change it give it back, so that a cell that ends with one shows it.

    Args:
        document: what is worked on.
        metadata: what a save gives back.
        name: what it is called.

    Attributes:
        notes: what was converted on opening and saving, and what the last recipe had to say.
    """

    def __init__(self, document: Document, metadata: Metadata, name: str = "Picture") -> None:
        self.document, self.metadata, self.name = document, metadata, name
        self.notes: tuple[str, ...] = metadata.notes

    # Running

    def run(
        self,
        operation: str,
        /,
        *,
        seed: int = 0,
        device: str = "auto",
        mask: Any = None,
        grow: int = 0,
        feather: int = 0,
        hints: Any = None,
        **parameters: Any,
    ) -> Result:
        """Run an operation; what it makes is one undo step.

        Args:
            operation: its id, such as ``super-resolution.upscale``; `studio.operations` lists them.
            seed: of everything random; the same seed gives the same result.
            device: ``auto``, ``cpu``, ``cuda``, ``cuda:N``, ``mps`` or ``xpu``.
            mask: what changes in this run alone, in place of the selection; as `select` takes it.
            grow: pixels by which the mask grows.
            feather: pixels over which its edge fades.
            hints: colors that are known, for operations that take them: tuples (x, y, ``#rrggbb``), an
                array H x W x 4 or a picture's path, transparent where nothing is known.
            parameters: of the operation; those left out keep their defaults.

        Returns:
            The result: several variations can be looked at and chosen from there.

        Raises:
            UserError: for a bad value, too little memory, or a plugin that fails. The picture then is
                as it was.
        """
        content = self.document.picture
        if mask is not None:
            content = inputs.selected(content, to_mask(mask, content))
        request = RunRequest(
            operation,
            plain(parameters),
            content,
            seed=seed,
            device=device,
            grow=grow,
            feather=feather,
            hints=to_hints(hints, content),
        )
        return Result(execute(request), self)

    def replay(
        self,
        recipe: Recipe | str | os.PathLike[str],
        *,
        device: str = "auto",
        seed: int | None = None,
        other_models: bool = False,
    ) -> Picture:
        """Do what a recipe says, each step an undo step; if one fails, nothing is changed.

        Args:
            recipe: a recipe, or the path of one.
            device: as in `run`.
            seed: None: the recipe's own seeds; otherwise one for all steps.
            other_models: whether models may differ from those that the recipe was made with.

        Raises:
            UserError: naming the step that fails.
        """
        found = recipe if isinstance(recipe, Recipe) else Recipe.read(recipe)
        self.notes = do(found, self.document, Manner(device, "auto", seed, other_models))
        return self

    def recipe(self, name: str = "Recipe") -> Recipe:
        """What was done so far, as a recipe for other pictures.

        Raises:
            UserError: if nothing of it can be done again.
        """
        return Recipe.of(self.document, name)

    # History

    @property
    def history(self) -> History:
        """The steps, oldest first."""
        return History(self.document)

    def undo(self) -> Picture:
        """Take back the last step.

        Raises:
            UserError: if there is none.
        """
        if not self.document.undo():
            raise UserError("There is nothing to undo.", "The picture is as it was opened.")
        return self

    def redo(self) -> Picture:
        """Do the step again that was undone last.

        Raises:
            UserError: if there is none.
        """
        if not self.document.redo():
            raise UserError("There is nothing to redo.", "Nothing was undone since the last step.")
        return self

    def go_to(self, position: int) -> Picture:
        """Undo or redo until ``position`` steps are done; 0 is the picture as it was opened."""
        self.document.go_to(position)
        return self

    # What there is

    @property
    def width(self) -> int:
        """Of the canvas, in pixels."""
        return self.document.picture.width

    @property
    def height(self) -> int:
        """Of the canvas, in pixels."""
        return self.document.picture.height

    @property
    def layers(self) -> Layers:
        """Its layers, the lowest first."""
        return Layers(self.document)

    @property
    def pixels(self) -> Array:
        """What it shows: H x W x 4 straight RGBA, uint8 or uint16, in the picture's profile."""
        return composite(self.document.picture)

    @property
    def selection(self) -> Array | None:
        """What is selected: H x W uint8, 255 = selected; None if nothing in particular is."""
        content = self.document.picture
        return None if content.selection is None else content.selection.read(content.bounds)[..., 0]

    def select(self, mask: Any) -> Picture:
        """Select what the next operations change.

        Args:
            mask: a path of a gray picture (white is selected), an array of the picture's size (bool,
                uint8, uint16 or floats in [0, 1]), a box (left, top, width, height), or None, which is
                all of the picture.

        Raises:
            UserError: if it is none of these, or has another size.
        """
        content = self.document.picture
        selection = None
        if mask is not None:
            found = to_mask(mask, content)
            inputs.selected(content, found)
            selection = from_mask(found)
        self.document.apply("Select", select(selection))
        return self

    # Saving and showing

    def save(self, path: str | os.PathLike[str], **options: Any) -> Path:
        """Write it to a file, in the format that the suffix names; OpenRaster (.ora) keeps layers.

        Args:
            path: where to; a file that is there is replaced.
            options: of `studio.files.codec.SaveOptions`: ``quality``, ``lossless``, ``compression``,
                ``background``, ``size``, ``metadata``, ``records``, ``srgb``.

        Returns:
            The path; what the format could not hold is in `notes`.

        Raises:
            UserError: for a suffix that is none of a picture, or if the file cannot be written.
        """
        try:
            chosen = SaveOptions(**options)
        except (TypeError, ValueError) as error:
            raise UserError(
                f"The picture was not saved: {error}.", "`help(studio.Picture.save)` lists options."
            ) from error
        content = self.document.picture
        metadata = outgoing_metadata(self.metadata, self.document)
        self.notes = write_document(Path(path), content, metadata, chosen)
        self.document.mark_saved(content)
        return Path(path)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return np.array(self.pixels, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        content = self.document.picture
        told = [f"{content.width} x {content.height}", f"{content.dtype.itemsize * 8} bits"]
        if len(content.layers) > 1:
            told.append(f"{len(content.layers)} layers")
        if content.selection is not None:
            told.append("selection")
        return f"<Picture {self.name}: {', '.join(told)}>"

    def _repr_png_(self) -> bytes:
        return display.picture_png(self.document.picture)
