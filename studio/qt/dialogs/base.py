"""What all dialogs share."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from studio.qt.i18n import tr
from studio.qt.widgets import GAP, button


class Dialog(QDialog):
    """A dialog with a column for its content and a row of buttons at its foot."""

    def __init__(self, parent: QWidget | None, title: str, width: int, height: int = 0) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setWindowFlag(Qt.WindowType.WindowContextHelpButtonHint, False)
        self.content = QVBoxLayout()
        self.content.setSpacing(12)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(GAP)
        self.buttons.addStretch(1)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(16)
        column.addLayout(self.content, 1 if height else 0)
        if not height:
            column.addStretch(1)
        column.addLayout(self.buttons)
        self._sized = bool(height)
        if height:
            self.resize(width, height)
        else:
            self.setMinimumWidth(width)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Take the height that wrapped text needs at this width, no more."""
        super().showEvent(event)
        if not self._sized:
            # Longer words than in English may need more; a width once set keeps Qt from seeing to it.
            width = max(self.minimumWidth(), self._column.minimumSize().width())
            self.setMinimumWidth(width)
            self.resize(width, self._column.totalHeightForWidth(width))

    def add_close(self, text: str = "") -> None:
        """Add the button that ends a dialog which changes things at once."""
        close = button(text or tr("Close"), primary=True)
        close.setDefault(True)
        close.clicked.connect(self.accept)
        self.buttons.addWidget(close)

    def add_accept(self, text: str) -> None:
        """Add Cancel and a button that does it."""
        self.cancel_button = cancel = button(tr("Cancel"))
        cancel.clicked.connect(self.reject)
        self.accept_button = accept = button(text, primary=True)
        accept.setDefault(True)
        accept.clicked.connect(self.accept)
        self.buttons.addWidget(cancel)
        self.buttons.addWidget(accept)
