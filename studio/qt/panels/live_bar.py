"""The row under the form of a live operation: preview on or off, and the original at a press."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from studio.qt.i18n import tr
from studio.qt.theme import Theme
from studio.qt.widgets import GAP, button, label, restyle


class LiveBar(QWidget):
    """A switch, a button to hold, and a line for what keeps the preview waiting.

    Signals:
        toggled: the preview was switched on or off.
        held: whether the button is held down.
    """

    toggled = Signal()
    held = Signal(bool)

    def __init__(self, theme: Theme, *, beside: bool = False, made: bool = False) -> None:
        super().__init__()
        self.box = QCheckBox(tr("Follow my drawing") if beside else tr("Live preview"))
        self.box.setChecked(True)
        tip = tr("Show the result on the canvas while values change")
        if beside:
            tip = tr("Show the result beside the canvas while you draw")
        elif made:
            tip = tr("Show the result while values change")
        self.box.setToolTip(tip)
        self.original = button(tr("Original"), tr("Hold to see the picture without it (Tab)"))
        theme.bind(self.original, "compare", "text", 16)
        self.text = label("", "muted", wrap=True)
        self.text.hide()
        # The picture itself is seen all the time, or there is none.
        self.original.setHidden(beside or made)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.box, 1)
        row.addWidget(self.original)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.text)
        self.box.toggled.connect(self._on_toggled)
        self.original.pressed.connect(lambda: self.held.emit(True))
        self.original.released.connect(lambda: self.held.emit(False))

    def _on_toggled(self, on: bool) -> None:
        self.original.setEnabled(on)
        self.toggled.emit()

    def show_text(self, text: str, *, wrong: bool) -> None:
        """Say something, or nothing."""
        if text != self.text.text():
            restyle(self.text, "role", "error" if wrong else "muted")
            self.text.setText(text)
            self.text.setVisible(bool(text))
