"""Choosing one of the names that a model knows, with a small picture of each."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QHideEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import QComboBox, QListWidgetItem, QWidget

from studio.api.galleries import picture_title
from studio.api.models import ModelCard
from studio.api.parameters import ParameterSpec
from studio.host.models import ModelStatus
from studio.qt.forms.controls import Control
from studio.qt.forms.thumbnail_grid import ICON, ThumbnailGrid
from studio.qt.i18n import tr
from studio.qt.models import Models
from studio.qt.sketches import Sketches
from studio.qt.theme import Theme

_NAME = Qt.ItemDataRole.UserRole


class OptionControl(Control):
    """A grid of pictures with names; without pictures, a list that drops down."""

    def __init__(
        self, spec: ParameterSpec, models: Models, theme: Theme, sketches: Sketches | None
    ) -> None:
        super().__init__(spec)
        self._models, self._sketches = models, sketches
        self._card: ModelCard | None = None
        self._names: tuple[str, ...] = ()
        self._wanted = ""
        self._drawn: str | None = None  # id of the model whose pictures were asked for
        self.grid = ThumbnailGrid(theme, several=False)
        self.box = QComboBox()
        self.box.setMinimumContentsLength(8)
        self.box.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._pictured = spec.sketch is not None and sketches is not None
        self._add(self.grid if self._pictured else self.box, 1)
        self.grid.itemSelectionChanged.connect(self._on_picked)
        self.box.currentIndexChanged.connect(lambda _: self._pick(self.box.currentData()))
        models.changed.connect(self._draw)
        self.set_value(spec.default)

    @property
    def entry(self) -> QWidget:
        """The grid, or the list."""
        return self.grid if self._pictured else self.box

    @property
    def offers(self) -> bool:
        """Whether the chosen model knows any names."""
        return bool(self._names)

    def value(self) -> Any:
        """A name that the model knows, or what was set while there is none; empty: any."""
        if not self._names:
            return "" if self._card is not None else self._wanted
        folded = {name.casefold(): name for name in self._names}
        return folded.get(self._wanted.casefold(), "")

    def set_value(self, value: Any) -> None:
        """Choose a name."""
        self._wanted = str(value or "")
        self._show_chosen()
        self.changed.emit()

    def show_card(self, card: ModelCard | None) -> None:
        """Offer the names of another model."""
        names = () if card is None or self.spec.names is None else tuple(self.spec.names(card))
        if card == self._card and names == self._names:
            return
        self._card, self._names, self._drawn = card, names, None
        self._fill()

    def _fill(self) -> None:
        with QSignalBlocker(self.grid), QSignalBlocker(self.box):
            self.grid.clear()
            self.box.clear()
            for name in ("", *self._names) if self._names else ():
                title = tr(picture_title(name)) if name else tr("Any")
                self.box.addItem(title, name)
                item = QListWidgetItem(title)
                item.setData(_NAME, name)
                item.setToolTip(title)
                if not name:
                    item.setData(ICON, "dice")
                self.grid.addItem(item)
        self.grid.updateGeometry()
        self._show_chosen()
        self._draw()

    def _show_chosen(self) -> None:
        chosen = self.value()
        with QSignalBlocker(self.grid), QSignalBlocker(self.box):
            self.box.setCurrentIndex(max(self.box.findData(chosen), 0))
            for row in range(self.grid.count()):
                item = self.grid.item(row)
                item.setSelected(item.data(_NAME) == chosen)
                if item.isSelected():
                    self.grid.setCurrentItem(item)

    def _on_picked(self) -> None:
        picked = self.grid.selectedItems()
        # One of them is always chosen: a click on it leaves it so.
        self._pick(picked[0].data(_NAME) if picked else self._wanted)

    def _pick(self, name: str) -> None:
        self._wanted = name or ""
        self._show_chosen()
        self.changed.emit()

    def _draw(self) -> None:
        """Ask for the pictures, once they are to be seen and the model is here."""
        card, sketches = self._card, self._sketches
        if card is None or sketches is None or not self._pictured or not self.isVisible():
            return
        here = self._models.status(card.id) in (ModelStatus.BUNDLED, ModelStatus.CACHED)
        if card.id == self._drawn or not here:
            return
        self._drawn = card.id
        sketches.drop(self)
        for row in range(self.grid.count()):
            self._ask(card, str(self.grid.item(row).data(_NAME)))

    def _ask(self, card: ModelCard, name: str) -> None:
        if not name or self._sketches is None:
            return

        def show(pixmap: QPixmap | None) -> None:
            if pixmap is None or card != self._card:
                return
            for row in range(self.grid.count()):
                if self.grid.item(row).data(_NAME) == name:
                    self.grid.item(row).setData(Qt.ItemDataRole.DecorationRole, pixmap)

        self._sketches.get(self.spec, card, name, self, show)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Go on with the pictures."""
        super().showEvent(event)
        self._draw()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Let pictures that were not made yet wait until they are seen."""
        super().hideEvent(event)
        if self._sketches is not None:
            self._sketches.drop(self)
            self._drawn = None
