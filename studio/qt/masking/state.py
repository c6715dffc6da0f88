"""How a selection becomes the mask of a run."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from studio.api.operation import Operation
from studio.document import Picture, Raster
from studio.document.regions import feather, grow

LARGEST = 500
"""Pixels by which a mask can grow or fade."""


class RunMask(QObject):
    """By how much a selection grows and fades before an operation that needs one is run.

    Signals:
        changed: the numbers are others now.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._grow, self._feather = 4, 2

    @property
    def grow(self) -> int:
        """Pixels by which it grows."""
        return self._grow

    @property
    def feather(self) -> int:
        """Pixels over which its edge fades to either side."""
        return self._feather

    def set(self, grow: int, feather: int) -> None:
        """Change both."""
        new = (min(max(grow, 0), LARGEST), min(max(feather, 0), LARGEST))
        if new != (self._grow, self._feather):
            self._grow, self._feather = new
            self.changed.emit()

    def given_to(self, operation: Operation) -> tuple[int, int]:
        """Growth and fading for a run: none where the selection is used as it is."""
        return (self._grow, self._feather) if operation.selection == "required" else (0, 0)

    def of(self, picture: Picture) -> Raster | None:
        """The mask that a picture's selection becomes; None without a selection."""
        if picture.selection is None:
            return None
        grown = grow(picture.selection, self._grow, picture.bounds)
        return feather(grown, self._feather, picture.bounds)
