"""Choosing a model that may be a folder or a file of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QFileDialog

from studio.api.parameters import ParameterSpec
from studio.qt.forms.model_control import ModelControl
from studio.qt.i18n import tr
from studio.qt.models import Models
from studio.qt.widgets import button


class PathModelControl(ModelControl):
    """A list of models in which a path can be typed, with a button that finds a folder."""

    def __init__(self, spec: ParameterSpec, models: Models) -> None:
        super().__init__(spec, models)
        self.folder = button(tr("Choose a folder…"), link=True)
        self.folder.clicked.connect(self._ask)
        self._ways.insertWidget(0, self.folder)
        self.box.setEditable(True)
        self.box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.box.editTextChanged.connect(lambda _: self._chosen())

    def value(self) -> Any:
        """The id of a card, what was typed, or None."""
        if not self.box.isEditable():
            return super().value()
        text = self.box.currentText().strip()
        index = self.box.findText(text)
        return self.box.itemData(index) if index >= 0 else text or None

    def set_value(self, value: Any) -> None:
        """Choose a model, or show a path."""
        if value is None or self.box.findData(value) >= 0:
            super().set_value(value)
        else:
            self.box.setEditText(str(value))

    def _fill(self) -> None:
        chosen = self._wanted
        super()._fill()
        if chosen is not None and self.box.findData(chosen) < 0:
            with QSignalBlocker(self.box):
                self.box.setEditText(str(chosen))
            self._show_state()

    def _show_state(self) -> None:
        chosen = self.value()
        super()._show_state()
        if chosen is not None and self.card() is None:
            here = Path(str(chosen)).expanduser().exists()
            self.state.setText(tr("On this computer") if here else "")

    def _ask(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Choose a folder"))
        if folder:
            self.set_value(folder)
