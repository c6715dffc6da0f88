"""The tabs of the open pictures."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QTabBar
from typing_extensions import override

from studio.qt.i18n import tr
from studio.qt.session import Entry, Session
from studio.qt.theme import Theme
from studio.qt.widgets import icon_button

MODIFIED = "● "


class DocumentTabs(QTabBar):
    """Shows what a session has open and brings forward what is clicked.

    Signals:
        close_wanted: a `Document`, whose tab is to be closed.
    """

    close_wanted = Signal(object)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self._shown: list[Entry] = []
        self.setObjectName("document-tabs")
        self.setAccessibleName(tr("Open pictures"))
        self.setMovable(True)
        self.setExpanding(False)
        self.setDocumentMode(True)
        self.setDrawBase(False)
        self.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.setUsesScrollButtons(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.currentChanged.connect(self._on_current)
        self.tabMoved.connect(self._on_moved)
        session.listed.connect(self.refresh)
        session.replaced.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is open now."""
        with QSignalBlocker(self):
            entries = list(self._session.entries)
            if entries != self._shown:
                self._rebuild(entries)
            for number, entry in enumerate(entries):
                self._describe(number, entry)
            if self._session.current in entries:
                self.setCurrentIndex(entries.index(self._session.current))
        self.setVisible(bool(self._shown))

    def _rebuild(self, entries: list[Entry]) -> None:
        for number in range(len(self._shown) - 1, -1, -1):
            if self._shown[number] not in entries:
                self.removeTab(number)
                del self._shown[number]
        for number, entry in enumerate(entries):
            if entry in self._shown:
                start = self._shown.index(entry)
                if start != number:
                    self.moveTab(start, number)
                    self._shown.insert(number, self._shown.pop(start))
            else:
                self.insertTab(number, "")
                self._shown.insert(number, entry)
                close = icon_button(self._theme, "close", tr("Close this picture"), "muted")
                close.setIconSize(QSize(14, 14))
                close.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Ctrl+W and Delete do it by keyboard
                close.clicked.connect(partial(self._want_close, entry))
                self.setTabButton(number, QTabBar.ButtonPosition.RightSide, close)

    def _describe(self, number: int, entry: Entry) -> None:
        text = (MODIFIED if entry.modified else "") + entry.name.replace("&", "&&")
        if text != self.tabText(number):
            self.setTabText(number, text)
        path = str(entry.source.path) if entry.source.path else tr("Not saved to a file yet")
        unsaved = tr("It has changes that are not saved.") if entry.modified else ""
        self.setTabToolTip(number, f"{path}\n{unsaved}".strip())
        name = tr("{name}, not saved", name=entry.name) if entry.modified else entry.name
        self.setAccessibleTabName(number, name)

    def _want_close(self, entry: Entry, _checked: bool = False) -> None:
        self.close_wanted.emit(entry.document)

    def _on_current(self, number: int) -> None:
        if 0 <= number < len(self._shown):
            self._session.switch(self._shown[number].document)

    def _on_moved(self, start: int, to: int) -> None:
        self._shown.insert(to, self._shown.pop(start))
        self._session.move(start, to)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            number = self.tabAt(event.position().toPoint())
            if number >= 0:
                self.close_wanted.emit(self._shown[number].document)
                return
        super().mouseReleaseEvent(event)
