"""One place in a form for the curves or levels of several channels."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from studio.qt.forms.tone_controls import ToneControl
from studio.qt.i18n import tr
from studio.qt.widgets import GAP, label


class Channels(QWidget):
    """Controls of which one is seen, and a choice of channels that marks those that were changed."""

    def __init__(self, controls: Sequence[ToneControl]) -> None:
        super().__init__()
        self._controls = tuple(controls)
        self.choice = QComboBox()
        self.choice.setAccessibleName(tr("Channel"))
        title = label(tr("Channel"), "heading")
        title.setBuddy(self.choice)
        self.stack = QStackedWidget()
        for control in self._controls:
            self.choice.addItem(control.spec.title)
            self.stack.addWidget(control)
            control.changed.connect(self._mark)
        self.choice.currentIndexChanged.connect(self.stack.setCurrentIndex)
        row = QHBoxLayout()
        row.addWidget(title)
        row.addWidget(self.choice, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addLayout(row)
        column.addWidget(self.stack)
        self._mark()

    def _mark(self) -> None:
        for index, control in enumerate(self._controls):
            mark = "" if control.untouched else "  •"
            self.choice.setItemText(index, control.spec.title + mark)

    def refresh(self) -> None:
        """Mark anew what was changed while signals were blocked."""
        self._mark()
