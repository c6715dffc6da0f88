"""The history panel: every step, and a click goes there."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from studio.qt.session import Session
from studio.qt.theme import Theme
from studio.qt.widgets import label, megabytes


class HistoryPanel(QWidget):
    """Rows are positions in the history: row 0 is the picture as it began."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self.list = QListWidget()
        self.list.setAccessibleName("History")
        self.list.setIconSize(QSize(18, 18))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)
        self.memory = label("", "muted")
        self.memory.setContentsMargins(12, 4, 12, 8)
        self.empty = label("No picture is open.", "muted", wrap=True)
        self.empty.setContentsMargins(6, 6, 6, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 0)
        column.setSpacing(4)
        column.addWidget(self.empty)
        column.addWidget(self.list, 1)
        column.addWidget(self.memory)
        self.setMinimumSize(200, 140)
        session.changed.connect(self._fill)
        theme.changed.connect(self._fill)
        self._fill()

    def _fill(self) -> None:
        self.list.clear()
        document = self._session.document
        self.empty.setVisible(document is None)
        if document is None:
            self.memory.clear()
            return
        history = document.history
        self._add("image", "Opened" if self._session.source.path else "New picture", done=True)
        for number, step in enumerate(history.steps, start=1):
            done = number <= history.position
            item = self._add("operation" if step.record else "history", step.title, done=done)
            item.setToolTip(_explained(step.title, step.time, step.record))
        self.list.setCurrentRow(history.position)
        self.list.scrollToItem(self.list.currentItem())
        used = f", {megabytes(history.nbytes)}" if history.nbytes else ""
        count = len(history.steps)
        self.memory.setText(f"{count} step{'' if count == 1 else 's'}{used}" if count else "")

    def _add(self, icon: str, text: str, *, done: bool) -> QListWidgetItem:
        item = QListWidgetItem(self._theme.icon(icon, "text" if done else "disabled"), text)
        item.setSizeHint(QSize(0, 32))
        if not done:
            item.setForeground(self._theme.color("disabled"))
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, "undone")
        self.list.addItem(item)
        return item

    def _go(self, item: QListWidgetItem) -> None:
        document = self._session.document
        if document is not None:
            document.go_to(self.list.row(item))


def _explained(title: str, when: float, record: Mapping[str, Any] | None) -> str:
    """What a step's tool tip says."""
    lines = [title, time.strftime("%H:%M:%S", time.localtime(when))]
    for name in ("parameters", "models", "seed", "device"):
        value = (record or {}).get(name)
        if value not in (None, {}, ""):
            lines.append(f"{name}: {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines)
