"""Small controls of the options bars and dialogs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QSpinBox,
    QWidget,
)

from studio.document.transforms import Resampling
from studio.qt.i18n import N_, tr
from studio.qt.widgets import label

NUMBER_WIDTH = 88

METHODS: Mapping[str, str] = {
    Resampling.AUTOMATIC: N_("Automatic"),
    Resampling.NEAREST: N_("Nearest pixel"),
    Resampling.BILINEAR: N_("Bilinear"),
    Resampling.BICUBIC: N_("Bicubic"),
    Resampling.LANCZOS: N_("Lanczos 3"),
    Resampling.AREA: N_("Area average"),
}


def whole_number(name: str, low: int, high: int, suffix: str = "") -> QSpinBox:
    """A box for a whole number; it tells of a value once it is typed completely."""
    box = QSpinBox()
    box.setRange(low, high)
    box.setSuffix(suffix)
    box.setKeyboardTracking(False)
    box.setAccessibleName(name)
    box.setToolTip(name)
    return box


def number(
    name: str, low: float, high: float, suffix: str = "", decimals: int = 2
) -> QDoubleSpinBox:
    """A box for a number."""
    box = QDoubleSpinBox()
    box.setRange(low, high)
    box.setDecimals(decimals)
    box.setSuffix(suffix)
    box.setKeyboardTracking(False)
    box.setAccessibleName(name)
    box.setToolTip(name)
    return box


def choice(name: str, entries: Mapping[str, str]) -> QComboBox:
    """A list to choose from; the values are titles marked with N_."""
    box = QComboBox()
    for value, title in entries.items():
        box.addItem(tr(title), str(value))
    box.setAccessibleName(name)
    box.setToolTip(name)
    return box


def chosen_method(box: QComboBox) -> Resampling:
    """What a list of `METHODS` says."""
    return Resampling(box.currentData())


class Row(QWidget):
    """Controls beside each other, as in the bar above the canvas."""

    def __init__(self) -> None:
        super().__init__()
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(6)

    def add(self, widget: QWidget, title: str = "") -> None:
        """Add a control, with a label before it."""
        if isinstance(widget, QAbstractSpinBox):
            widget.setFixedWidth(NUMBER_WIDTH)
        if title:
            text = label(title, "muted")
            text.setBuddy(widget)
            self.row.addWidget(text)
        self.row.addWidget(widget)

    def gap(self) -> None:
        """Leave some room."""
        self.row.addSpacing(8)

    def end(self) -> None:
        """Nothing more: keep all to the left."""
        self.row.addStretch(1)


@contextmanager
def quiet(*widgets: QWidget) -> Iterator[None]:
    """Change controls without their telling."""
    blockers = [QSignalBlocker(widget) for widget in widgets]
    try:
        yield
    finally:
        for blocker in blockers:
            blocker.unblock()
