"""The history panel: every step with a thumbnail; a click goes there. Snapshots at its top."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QItemSelectionModel, QModelIndex
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.document import Document, Step
from studio.document.events import listen
from studio.qt.background import Background
from studio.qt.i18n import tr
from studio.qt.panels.picture_thumbnails import PictureThumbnails
from studio.qt.panels.snapshots import Snapshots
from studio.qt.panels.states import State, StateModel, explained, state_list
from studio.qt.session import Session
from studio.qt.theme import Theme
from studio.qt.widgets import label, line, megabytes


class HistoryPanel(QWidget):
    """Rows are positions in the history: row 0 is the picture as it began."""

    def __init__(self, session: Session, theme: Theme, background: Background) -> None:
        super().__init__()
        self._session = session
        self._shown: Document | None = None
        self._steps: tuple[Step, ...] = ()
        self._position = 0
        self._unlisten: Callable[[], None] | None = None
        self.thumbnails = PictureThumbnails(background, self)
        self.snapshots = Snapshots(session, theme, self.thumbnails)
        self.model = StateModel(self.thumbnails, self)
        self.list = state_list(self.model, theme, tr("History"))
        self.list.clicked.connect(self._go)
        self.list.activated.connect(self._go)
        self.memory = label("", "muted")
        self.memory.setContentsMargins(6, 2, 6, 4)
        self.empty = label(tr("No picture is open."), "muted", wrap=True)
        self.empty.setContentsMargins(6, 6, 6, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 2)
        column.setSpacing(4)
        column.addWidget(self.snapshots)
        column.addWidget(line())
        column.addWidget(self.empty)
        column.addWidget(self.list, 1)
        column.addWidget(self.memory)
        self.setMinimumSize(200, 140)
        session.changed.connect(self._follow)
        session.replaced.connect(self._follow)
        self._fill()
        self._follow()

    def close_document(self) -> None:
        """Stop listening to the document."""
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
        self._shown, self._steps, self._position = None, (), 0
        self.thumbnails.clear()

    def _follow(self) -> None:
        """Follow the session; a stroke that goes on changes nothing here."""
        document = self._session.document
        if document is not self._shown:
            self.close_document()
            self._shown = document
            if document is not None:
                self._unlisten = listen(document.snapshots_changed, self._fill)
            self._fill()
        elif document is not None:
            history = document.history
            same = len(history.steps) == len(self._steps) and all(
                one is other for one, other in zip(history.steps, self._steps, strict=True)
            )
            if not same or history.position != self._position:
                self._fill()

    def _fill(self) -> None:
        document = self._shown
        self.empty.setVisible(document is None)
        self.snapshots.setVisible(document is not None)
        self.list.setVisible(document is not None)
        states = self._states(document) if document is not None else []
        kept = [state.picture for state in states]
        if document is not None:
            self._steps, self._position = document.history.steps, document.history.position
            kept.extend(snapshot.picture for snapshot in document.snapshots)
        self.thumbnails.keep(kept)
        self.model.show_states(states)
        self.snapshots.fill()
        if document is not None:
            self._show_position(document)
        else:
            self.memory.clear()

    def _states(self, document: Document) -> list[State]:
        history = document.history
        first = history.steps[0].before if history.steps else document.picture
        title = tr("Opened") if self._session.source.path else tr("New picture")
        states = [State("first", title, first, "image", title)]
        for number, step in enumerate(history.steps, start=1):
            icon = "operation" if step.record else "history"
            tip = explained(step.title, step.time, step.record)
            undone = number > history.position
            key = (step.time, step.title)
            states.append(State(key, step.title, step.after, icon, tip, undone))
        return states

    def _show_position(self, document: Document) -> None:
        history = document.history
        index = self.model.index(history.position)
        if self.list.currentIndex() != index:
            flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self.list.selectionModel().setCurrentIndex(index, flag)
            self.list.scrollTo(index)
        count = len(history.steps)
        steps = tr("1 step") if count == 1 else tr("{n} steps", n=count)
        used = f", {megabytes(history.nbytes)}" if history.nbytes else ""
        self.memory.setText(steps + used if count else "")

    def _go(self, index: QModelIndex) -> None:
        document = self._session.document
        if document is not None:
            document.go_to(index.row())
