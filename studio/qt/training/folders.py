"""Choosing a folder of training pictures; what is in it is looked at once it is chosen."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget
from typing_extensions import override

from studio.api.errors import Cancelled, UserError
from studio.api.trainer import Folder
from studio.host.training.checks import FolderCheck, check_folder
from studio.qt.background import Background, Task
from studio.qt.i18n import tr
from studio.qt.panels.latest import Latest
from studio.qt.problems import in_words
from studio.qt.theme import Theme
from studio.qt.training.words import check_text
from studio.qt.widgets import button, label, restyle

_SETTLE_MS = 350


class PathField(QWidget):
    """The path of a folder, typed, chosen or dropped.

    Signals:
        changed: another path.
    """

    changed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.edit = QLineEdit()
        self.edit.setPlaceholderText(tr("No folder chosen"))
        self.edit.setClearButtonEnabled(True)
        self.edit.setAccessibleName(name)
        self.edit.setAcceptDrops(False)
        self.browse = button(tr("Choose…"), tr("Choose a folder: {name}", name=name))
        self.browse.setAccessibleName(self.browse.toolTip())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.edit, 1)
        row.addWidget(self.browse)
        self.setAcceptDrops(True)
        self.edit.textChanged.connect(lambda _: self.changed.emit())
        self.browse.clicked.connect(self._choose)

    @property
    def path(self) -> Path | None:
        """The folder; None while the field is empty."""
        text = self.edit.text().strip()
        return Path(text).expanduser() if text else None

    def _choose(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self.edit.accessibleName(), self.edit.text())
        if name:
            self.edit.setText(name)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        local = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if local:
            event.acceptProposedAction()
            path = Path(local[0])
            self.edit.setText(str(path if path.is_dir() else path.parent))


class FolderField(QWidget):
    """One of a trainer's folders, or the two of its pairs, and what they hold.

    Signals:
        changed: another folder was named, or looked at.
        _counted: pictures looked at, and how many there are.
    """

    changed = Signal()
    _counted = Signal(int, int)

    def __init__(self, folder: Folder, theme: Theme, background: Background) -> None:
        super().__init__()
        self.folder = folder
        self.found: FolderCheck | None = None
        self._looking = False
        self._latest = Latest(background, _SETTLE_MS, self)
        title = tr(folder.title)
        self.fields = [PathField(title)]
        if folder.kind == "pairs":
            self.fields.append(PathField(tr("{title}: the second of two folders", title=title)))
            second = tr("Second folder, with the same file names; empty if side by side")
            self.fields[1].edit.setPlaceholderText(second)
        self.state = label("", "muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        heading = label(title, "heading")
        heading.setBuddy(self.fields[0].edit)
        column.addWidget(heading)
        for field in self.fields:
            theme.bind(field.browse, "folder", "text", 16)
            column.addWidget(field)
            field.changed.connect(self._on_changed)
        if folder.help:
            column.addWidget(label(tr(folder.help), "muted", wrap=True))
        column.addWidget(self.state)
        self.state.hide()
        self._counted.connect(self._show_count)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The folders that were named."""
        return tuple(field.path for field in self.fields if field.path is not None)

    def say(self, text: str, *, wrong: bool = False) -> None:
        """Show a line below the fields."""
        restyle(self.state, "role", "error" if wrong else "muted")
        self.state.setText(text)
        self.state.setVisible(bool(text))

    def close_field(self) -> None:
        """Look at nothing any more."""
        self._looking = False
        self._latest.cancel()

    def _on_changed(self) -> None:
        self.found = None
        self._latest.cancel()
        paths = self.paths
        self._looking = bool(paths) and self.fields[0].path is not None
        if self._looking:
            self.say(tr("Looking at the pictures…"))
            self._latest.request(lambda task: self._look(task, paths), self._show)
        else:
            self.say("")
        self.changed.emit()

    def _look(self, task: Task, paths: tuple[Path, ...]) -> FolderCheck | UserError | None:
        """On a thread."""

        def report(done: int, count: int) -> None:
            if done % 25 == 0:
                self._counted.emit(done, count)

        try:
            for path in paths:
                if not path.is_dir():
                    return UserError(f'There is no folder "{path}".', "Choose another one.")
            return check_folder(self.folder, paths, report, task.cancelled)
        except UserError as error:
            return error
        except Cancelled:
            return None

    def _show(self, found: FolderCheck | UserError | None) -> None:
        self._looking = False
        if isinstance(found, UserError):
            self.say(" ".join(in_words(found.message, found.hint)), wrong=True)
        elif found is not None:
            self.found = found
            self.say(check_text(found))
        self.changed.emit()

    def _show_count(self, done: int, count: int) -> None:
        if self._looking:
            self.say(tr("Looking at the pictures: {done} of {count}", done=done, count=count))
