"""The middle of the window: tabs, messages, the canvas or the welcome page, the bottom bar."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QGridLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget


class Center(QWidget):
    """What is between the docks.

    Args:
        tabs: of the open pictures.
        messages: tells what happened, over the picture, which must not jump under a pen.
        welcome: shown while nothing is open.
        canvas: shown otherwise.
        bottom: progress and results.
        beside: what may share the room of the canvas; each shows and hides itself. While nothing is
            open, it has the place of the welcome page.
    """

    def __init__(
        self,
        tabs: QWidget,
        messages: QWidget,
        welcome: QWidget,
        canvas: QWidget,
        bottom: QWidget,
        beside: Iterable[QWidget] = (),
    ) -> None:
        super().__init__()
        self.setObjectName("window-body")
        self._welcome, self._view = welcome, canvas
        self._beside = tuple(beside)
        self._open = False
        self._canvas = QSplitter(Qt.Orientation.Horizontal)
        self._canvas.setChildrenCollapsible(False)
        self._canvas.setHandleWidth(1)
        for widget in (canvas, *self._beside):
            self._canvas.addWidget(widget)
            self._canvas.setStretchFactor(self._canvas.count() - 1, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(welcome)
        self.stack.addWidget(self._canvas)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(tabs)
        pile = QGridLayout()
        pile.addWidget(self.stack, 0, 0)
        pile.addWidget(messages, 0, 0, Qt.AlignmentFlag.AlignTop)
        messages.raise_()
        column.addLayout(pile, 1)
        column.addWidget(bottom)
        for widget in self._beside:
            widget.installEventFilter(self)

    def show_canvas(self, shown: bool) -> None:
        """Show the canvas, or the welcome page."""
        self._open = shown
        self._settle()

    def _settle(self) -> None:
        alone = not self._open and any(not widget.isHidden() for widget in self._beside)
        self._view.setVisible(self._open)
        self.stack.setCurrentWidget(self._canvas if self._open or alone else self._welcome)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """What is beside the canvas was shown or hidden."""
        if event.type() in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent):
            self._settle()
        return super().eventFilter(watched, event)
