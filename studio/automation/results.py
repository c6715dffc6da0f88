"""What a run made: one picture, or several to choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

from studio.api.errors import UserError
from studio.automation import display
from studio.document import Document
from studio.files.metadata import Metadata
from studio.host.disclosure import records_of
from studio.host.results import RunResult

if TYPE_CHECKING:
    from studio.automation.picture import Picture


class Result(Sequence["Picture"]):
    """The variations that a run made; each is a picture of its own.

    ``result[1]`` is what the second one looks like, independent of the picture that was worked on;
    ``result.choose(1)`` puts it into that picture in place of the first.

    Args:
        run: what the host made.
        owner: the picture that was run on; None for what was made from nothing.

    Attributes:
        applied: whether the first variation went into the picture. What is a picture of its own
            (`Operation.output` is ``document``) does not; it is in the result alone.
    """

    def __init__(self, run: RunResult, owner: Picture | None) -> None:
        self._run, self._owner = run, owner
        self._made: dict[int, Picture] = {}
        self._metadata = Metadata()
        if owner is not None:
            earlier = records_of(owner.metadata, owner.document)
            self._metadata = replace(owner.metadata, recipe=earlier)
        self.applied = owner is not None and run.output != "document"
        self._before = owner.document.picture if owner is not None else None
        self._after = self._before
        if self.applied:
            self._apply(0)

    @property
    def picture(self) -> Picture:
        """The picture that it went into; of pictures made from nothing the first one."""
        return self._owner if self.applied and self._owner is not None else self[0]

    @property
    def notes(self) -> tuple[str, ...]:
        """What is good to know of this result: a device that was too small, a model fetched..."""
        return self._run.notes

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self._run.seconds

    @property
    def record(self) -> Mapping[str, Any]:
        """How it came about: operation, plugin, parameters, seed, hashes of the models."""
        return self._run.record

    def choose(self, variation: int) -> Picture:
        """Put another variation into the picture, in place of the one that is there.

        Args:
            variation: which, from 0.

        Returns:
            The picture.

        Raises:
            UserError: if there is none of that number, or the picture was changed since.
        """
        number = self._number(variation)
        if not self.applied or self._owner is None:
            raise UserError(
                f"{self._run.title} made pictures of its own.", "Take one of them: result[0]."
            )
        document = self._owner.document
        if document.picture is self._after and self._after is not self._before:
            document.undo()
        elif document.picture is not self._before:
            raise UserError(
                "The picture was changed since this result was made.",
                "Undo back to the result, then choose.",
            )
        self._apply(number)
        return self._owner

    def _apply(self, variation: int) -> None:
        if self._owner is None:
            return
        document = self._owner.document
        run = self._run
        document.apply(run.title, run.edit(variation), run.record_of(variation))
        self._after = document.picture

    # As a sequence

    def __len__(self) -> int:
        return self._run.variations

    @overload
    def __getitem__(self, index: int) -> Picture: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Picture]: ...
    def __getitem__(self, index: int | slice) -> Picture | Sequence[Picture]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = index + len(self) if index < 0 else index
        if not 0 <= number < len(self):
            raise IndexError(f"variation {index} of {len(self)}")
        if number not in self._made:
            self._made[number] = self._picture(number)
        return self._made[number]

    def _picture(self, number: int) -> Picture:
        from studio.automation.picture import Picture

        made = {"title": self._run.title, **self._run.record_of(number)}
        metadata = replace(self._metadata, recipe=(*self._metadata.recipe, made))
        images = self._run.variants[number]
        return Picture(Document(self._run.after(number)), metadata, images[-1].title)

    def _number(self, variation: int) -> int:
        if not 0 <= variation < len(self):
            count = len(self)
            raise UserError(
                f"There is no variation {variation}: {self._run.title} made {count}.",
                f"They are counted from 0 to {count - 1}.",
            )
        return variation

    # In a notebook

    def _told(self) -> str:
        width, height = self._run.size
        several = f", {len(self)} variations" if len(self) > 1 else ""
        return f"{self._run.title}: {width} x {height}{several}, {self.seconds:.1f} s"

    def __repr__(self) -> str:
        text = f"<Result of {self._told()}>"
        return "\n".join([text, *(f"  Note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        small = display.SMALL if len(self) > 1 else display.LONGEST
        figures = []
        for number in range(len(self)):
            caption = f"{number}: {self._run.title}" if len(self) > 1 else self._told()
            picture = self._run.after(number)
            figures.append(display.figure(display.picture_png(picture, small), caption))
        return "".join(figures) + display.notes_html(self.notes)
