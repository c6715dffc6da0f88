"""Choosing a colour."""

from __future__ import annotations

from typing import Any

from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QColorDialog, QLineEdit, QWidget

from studio.api.parameters import ParameterSpec
from studio.qt.forms.controls import Control
from studio.qt.i18n import tr
from studio.qt.widgets import button

SWATCH = 16


class ColorControl(Control):
    """A field for ``#rrggbb`` and a dialog; empty means none where that is allowed."""

    def __init__(self, spec: ParameterSpec) -> None:
        super().__init__(spec)
        self.edit = QLineEdit()
        self.edit.setPlaceholderText(tr("None") if spec.optional else "#rrggbb")
        self.edit.setClearButtonEnabled(spec.optional)
        self._add(self.edit, 1)
        self.choose = button(tr("Choose…"), tr("Choose a color: {name}", name=spec.title))
        self.choose.setAccessibleName(tr("Choose a color: {name}", name=spec.title))
        self.choose.clicked.connect(self._ask)
        self._row.addWidget(self.choose)
        self.edit.textChanged.connect(self._on_text)
        self.set_value(spec.default)
        self._on_text()

    @property
    def entry(self) -> QWidget:
        """The field."""
        return self.edit

    def value(self) -> Any:
        """``#rrggbb``, or None."""
        return self.edit.text().strip() or None

    def set_value(self, value: Any) -> None:
        """Show a colour."""
        self.edit.setText(value or "")

    def _on_text(self) -> None:
        color = QColor(self.edit.text().strip())
        swatch = QPixmap(SWATCH, SWATCH)
        swatch.fill(color if color.isValid() else QColor(0, 0, 0, 0))
        self.choose.setIcon(QIcon(swatch) if color.isValid() else QIcon())
        self.changed.emit()

    def _ask(self) -> None:
        start = QColor(self.edit.text().strip())
        chosen = QColorDialog.getColor(
            start if start.isValid() else QColor("#808080"), self, self.spec.title
        )
        if chosen.isValid():
            self.edit.setText(chosen.name())
