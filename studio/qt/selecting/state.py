"""How the selection is shown and what its tools have in common: one of each in a window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.document import Picture, Raster
from studio.document.painting import Target
from studio.document.regions import Mode
from studio.document.regions.target import SelectionTarget

DEFAULTS: dict[str, Any] = {"mode": "replace", "mask_color": "#e53935", "mask_opacity": 50}


class Options(QObject):
    """What the selection tools have in common: how selections combine, and quick mask's look.

    Signals:
        changed: one of them has another value.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.values = dict(DEFAULTS)

    def load(self, stored: Mapping[str, Any]) -> None:
        """Take over remembered values of quick mask that have the right type."""
        for name in ("mask_color", "mask_opacity"):
            value = stored.get(name)
            if type(value) is type(DEFAULTS[name]):
                self.values[name] = value

    def __getitem__(self, name: str) -> Any:
        """The value of an option."""
        return self.values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        """Give an option another value."""
        if self.values[name] != value:
            self.values[name] = value
            self.changed.emit()

    @property
    def mode(self) -> Mode:
        """What a new selection does with the one before, without modifier keys."""
        return Mode(self.values["mode"])


class SelectionView(QObject):
    """What of the selection is seen: the outline, a preview in its place, quick mask.

    Signals:
        changed: something is shown in another way, or quick mask was switched.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.options = Options(self)
        self.options.changed.connect(self.changed)
        self._quick_mask = False
        self._edges = True
        self._preview: Raster | None = None
        self._offset = (0, 0)

    @property
    def quick_mask(self) -> bool:
        """Whether what is not selected is veiled and brushes paint on the selection."""
        return self._quick_mask

    @quick_mask.setter
    def quick_mask(self, on: bool) -> None:
        if on != self._quick_mask:
            self._quick_mask = on
            self.changed.emit()

    @property
    def edges(self) -> bool:
        """Whether the outline is drawn."""
        return self._edges

    @edges.setter
    def edges(self, shown: bool) -> None:
        if shown != self._edges:
            self._edges = shown
            self.changed.emit()

    @property
    def preview(self) -> Raster | None:
        """What a dialog would make of the selection, shown in its place."""
        return self._preview

    @preview.setter
    def preview(self, selection: Raster | None) -> None:
        if selection is not self._preview:
            self._preview = selection
            self.changed.emit()

    @property
    def offset(self) -> tuple[int, int]:
        """Canvas pixels by which the outline is shown away from its place while it is dragged."""
        return self._offset

    @offset.setter
    def offset(self, offset: tuple[int, int]) -> None:
        if offset != self._offset:
            self._offset = offset
            self.changed.emit()

    def shown(self, picture: Picture) -> Raster | None:
        """The selection to draw."""
        return picture.selection if self._preview is None else self._preview

    @property
    def find(self) -> Callable[[Picture], Target]:
        """`target`, as quick mask is now: for edits that are made on a thread."""
        return SelectionTarget.of_selection if self._quick_mask else Target.of

    def target(self, picture: Picture) -> Target:
        """What brushes paint on: the selection in quick mask, else the active layer or mask.

        Raises:
            UserError: as `Target.of` does.
        """
        return self.find(picture)
