"""Growth and feathering of the selection, in the form of an operation that needs one."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QGridLayout, QSpinBox, QVBoxLayout, QWidget

from studio.qt.i18n import tr
from studio.qt.masking.state import LARGEST, RunMask
from studio.qt.widgets import GAP, label


class MaskSection(QWidget):
    """Two numbers and whether the mask is shown on the picture.

    Args:
        mask: what they change.
    """

    def __init__(self, mask: RunMask) -> None:
        super().__init__()
        self._mask = mask
        self.grow = _pixels(mask.grow, tr("Grow the selection"))
        self.feather = _pixels(mask.feather, tr("Feather the selection"))
        self.shown = QCheckBox(tr("Show what will change"))
        self.shown.setChecked(True)
        rows = QGridLayout()
        rows.setSpacing(GAP)
        for row, (title, spin) in enumerate(
            ((tr("Grow"), self.grow), (tr("Feather"), self.feather))
        ):
            name = label(title)
            name.setBuddy(spin)
            rows.addWidget(name, row, 0)
            rows.addWidget(spin, row, 1)
            spin.valueChanged.connect(self._set)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(label(tr("Selection"), "heading"))
        column.addLayout(rows)
        column.addWidget(self.shown)
        mask.changed.connect(self._show)

    def _set(self) -> None:
        self._mask.set(self.grow.value(), self.feather.value())

    def _show(self) -> None:
        self.grow.setValue(self._mask.grow)
        self.feather.setValue(self._mask.feather)


def _pixels(value: int, name: str) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(0, LARGEST)
    spin.setSuffix(" px")
    spin.setValue(value)
    spin.setAccessibleName(name)
    return spin
