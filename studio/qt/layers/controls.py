"""Blend mode and opacity of the chosen layers."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from studio.document import BlendMode, Group, Picture, Transaction
from studio.qt.i18n import tr
from studio.qt.layers.actions import LayerActions
from studio.qt.layers.edits import change_nodes
from studio.qt.layers.words import BLEND_GROUPS
from studio.qt.tools.base import ENDING_KEYS
from studio.qt.widgets import WheelGuard, label

SETTLE_MS = 800
"""Changes by keyboard or wheel that follow each other this fast are one undo step."""

PASSING = "pass-through"


class LookControls(QWidget):
    """A drag of the opacity is seen as it goes on and is one undo step when it ends.

    Signals:
        left: Enter or Esc was pressed in a field, whose value is taken.
    """

    left = Signal()

    def __init__(self, actions: LayerActions) -> None:
        super().__init__()
        self._actions = actions
        self._transaction: Transaction | None = None
        self._ids: tuple[str, ...] = ()
        self._grouped = False
        self.blend = QComboBox()
        self.blend.setAccessibleName(tr("Blend mode"))
        self.blend.setToolTip(tr("Blend mode: how the layer meets what is below it"))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setPageStep(10)
        self.slider.setAccessibleName(tr("Opacity"))
        self.slider.setMinimumWidth(60)
        self.field = QSpinBox()
        self.field.setRange(0, 100)
        self.field.setSuffix(" %")
        self.field.setFixedWidth(76)
        self.field.setAccessibleName(tr("Opacity in percent"))
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._guard = WheelGuard(self)
        self._guard.guard(self.blend)
        self._fill_blend(grouped=False)
        self._lay_out()
        self.blend.activated.connect(self._blend_chosen)
        self.slider.valueChanged.connect(self._opacity_changed)
        self.slider.sliderReleased.connect(self.finish)
        self.field.valueChanged.connect(self._opacity_changed)
        self.field.editingFinished.connect(self.finish)
        self._settle.timeout.connect(self.finish)
        self.show_picture(None)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(label(tr("Opacity"), "muted"))
        row.addWidget(self.slider, 1)
        row.addWidget(self.field)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        column.addWidget(self.blend)
        column.addLayout(row)

    def _fill_blend(self, *, grouped: bool) -> None:
        self._grouped = grouped
        self.blend.clear()
        if grouped:
            self.blend.addItem(tr("Pass through"), PASSING)
        for number, kind in enumerate(BLEND_GROUPS):
            if number:
                self.blend.insertSeparator(self.blend.count())
            for mode, name in kind:
                self.blend.addItem(tr(name), mode.value)
        self.blend.setMaxVisibleItems(self.blend.count())

    def show_picture(self, picture: Picture | None) -> None:
        """Show the look of the active node."""
        self.setEnabled(picture is not None)
        if picture is None:
            return
        node = picture.active_node
        if isinstance(node, Group) != self._grouped:
            self._fill_blend(grouped=isinstance(node, Group))
        passing = isinstance(node, Group) and node.pass_through
        value = PASSING if passing else node.blend.value
        self.blend.setCurrentIndex(self.blend.findData(value))
        for control in (self.slider, self.field):
            control.blockSignals(True)
            control.setValue(round(node.opacity * 100))
            control.blockSignals(False)

    def _blend_chosen(self) -> None:
        value = self.blend.currentData()
        self._actions.set_blend(None if value == PASSING else BlendMode(value))

    def _opacity_changed(self, percent: int) -> None:
        document = self._actions.document
        if document is None:
            return
        if self._transaction is None or not self._transaction.open:
            self._ids = self._actions.chosen()
            self._transaction = document.begin(tr("Opacity"))
        self._transaction.update(change_nodes(self._ids, opacity=percent / 100))
        if self.slider.isSliderDown():
            self._settle.stop()
        else:
            self._settle.start()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENDING_KEYS:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def finish(self) -> None:
        """Make the change that goes on an undo step."""
        if self.slider.isSliderDown():
            return
        self._settle.stop()
        if self._transaction is not None:
            self._transaction.commit()
            self._transaction = None
