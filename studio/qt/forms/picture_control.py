"""Choosing a reference picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from studio.api.parameters import ParameterSpec
from studio.qt.forms.controls import Control
from studio.qt.i18n import tr
from studio.qt.widgets import button


class PictureControl(Control):
    """The path of a picture; a picture can be dropped on it."""

    def __init__(self, spec: ParameterSpec) -> None:
        super().__init__(spec)
        self.edit = QLineEdit()
        self.edit.setPlaceholderText(tr("No picture chosen"))
        self.edit.setClearButtonEnabled(True)
        self._add(self.edit, 1)
        self.browse = button(tr("Choose…"), tr("Choose a file: {name}", name=spec.title))
        self.browse.setAccessibleName(self.browse.toolTip())
        self.browse.clicked.connect(self._choose)
        self._row.addWidget(self.browse)
        self.edit.textChanged.connect(lambda _: self.changed.emit())
        self.edit.setAcceptDrops(False)
        self.setAcceptDrops(True)
        self.set_value(spec.default)

    @property
    def entry(self) -> QWidget:
        """The field with the path."""
        return self.edit

    def value(self) -> Any:
        """A path, or None."""
        return self.edit.text().strip() or None

    def set_value(self, value: Any) -> None:
        """Show a path."""
        self.edit.setText(value or "")

    def _choose(self) -> None:
        from studio.files.formats import open_filters

        start = str(Path(self.edit.text()).parent) if self.edit.text() else ""
        name, _ = QFileDialog.getOpenFileName(
            self, self.spec.title, start, ";;".join(open_filters())
        )
        if name:
            self.edit.setText(name)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take a file."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Use the dropped file."""
        local = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if local:
            event.acceptProposedAction()
            self.edit.setText(local[0])
