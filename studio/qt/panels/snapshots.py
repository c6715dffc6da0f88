"""Named states of the picture, above the history's steps."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QListView, QVBoxLayout, QWidget
from typing_extensions import override

from studio.document import Document, Snapshot
from studio.qt.i18n import tr
from studio.qt.panels.picture_thumbnails import PictureThumbnails
from studio.qt.panels.states import ROW, State, StateModel, explained, state_list
from studio.qt.session import Session
from studio.qt.theme import Theme
from studio.qt.widgets import icon_button, label

MOST_ROWS = 4


class Snapshots(QWidget):
    """Take, rename, restore and delete. Restoring is a step of the history like any other."""

    def __init__(self, session: Session, theme: Theme, thumbnails: PictureThumbnails) -> None:
        super().__init__()
        self._session = session
        self.model = StateModel(thumbnails, self, renames=True)
        self.list = state_list(self.model, theme, tr("Snapshots"))
        self.list.setEditTriggers(QListView.EditTrigger.EditKeyPressed)
        self.list.setToolTip(tr("Double-click or Enter restores, F2 renames, Delete deletes"))
        self.take_button = icon_button(theme, "snapshot", tr("Take a snapshot (Ctrl+Alt+S)"))
        self.restore_button = icon_button(theme, "undo", tr("Restore the chosen snapshot"))
        self.delete_button = icon_button(theme, "trash", tr("Delete the chosen snapshot"))
        self.caption = label(tr("Snapshots"), "section")
        row = QHBoxLayout()
        row.setContentsMargins(6, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.caption, 1)
        for button in (self.take_button, self.restore_button, self.delete_button):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.list)
        self.take_button.clicked.connect(lambda _checked: self.take())
        self.restore_button.clicked.connect(self.restore)
        self.delete_button.clicked.connect(self.delete)
        self.list.activated.connect(self._restore_at)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._allow())
        self.model.rename.connect(self._rename)

    @property
    def _document(self) -> Document | None:
        return self._session.document

    @property
    def current(self) -> Snapshot | None:
        """The chosen one."""
        row = self.list.currentIndex().row()
        snapshots = self._document.snapshots if self._document is not None else ()
        return snapshots[row] if 0 <= row < len(snapshots) else None

    def take(self, name: str = "") -> None:
        """Keep the present state; without a name it gets one that the user may change at once."""
        document = self._document
        if document is None:
            return
        number = len(document.snapshots) + 1
        document.add_snapshot(name or tr("Snapshot {n}", n=number))
        index = self.model.index(len(document.snapshots) - 1)
        self.list.setCurrentIndex(index)
        if not name and self.isVisible():
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)
            self.list.edit(index)

    def restore(self) -> None:
        """Go back to the chosen one."""
        if self._document is not None and (snapshot := self.current) is not None:
            self._document.restore_snapshot(snapshot)

    def delete(self) -> None:
        """Forget the chosen one."""
        if self._document is not None and (snapshot := self.current) is not None:
            self._document.remove_snapshot(snapshot)

    def _restore_at(self, index: QModelIndex) -> None:
        self.list.setCurrentIndex(index)
        self.restore()

    def _rename(self, row: int, name: str) -> None:
        if self._document is not None:
            self._document.rename_snapshot(self._document.snapshots[row], name)

    def fill(self) -> None:
        """Show the present document's."""
        document = self._document
        snapshots = document.snapshots if document is not None else ()
        self.model.show_states(
            [
                State(s.time, s.name, s.picture, "snapshot", explained(s.name, s.time, None))
                for s in snapshots
            ]
        )
        self.list.setVisible(bool(snapshots))
        self.list.setFixedHeight(ROW * min(len(snapshots), MOST_ROWS) + 4)
        self._allow()

    def _allow(self) -> None:
        self.take_button.setEnabled(self._document is not None)
        for button in (self.restore_button, self.delete_button):
            button.setEnabled(self.current is not None)
            button.setVisible(bool(self.model.states))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        # What the list leaves to its parent.
        if event.key() == Qt.Key.Key_Delete:
            self.delete()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.restore()
        else:
            super().keyPressEvent(event)
