"""The menu of files that were opened lately."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QMenu, QWidget

from studio.host.settings import Settings
from studio.qt.i18n import tr


class RecentMenu(QMenu):
    """Lists the files anew whenever it is opened.

    Args:
        parent: the window.
        settings: remembers the files.
        open_file: is given the chosen path.
    """

    def __init__(
        self, parent: QWidget, settings: Settings, open_file: Callable[[Path], object]
    ) -> None:
        super().__init__(tr("Open &recent"), parent)
        self._settings, self._open = settings, open_file
        self.aboutToShow.connect(self.fill)
        self.fill()

    def fill(self) -> None:
        """List the files, newest first; the first nine have digits as mnemonics."""
        self.clear()
        names = self._settings.recent_files
        for number, name in enumerate(names, start=1):
            path = Path(name)
            digit = f"&{number}  " if number < 10 else f"{number}  "
            action = self.addAction(digit + path.name.replace("&", "&&"))
            action.setStatusTip(name)
            action.triggered.connect(partial(self._open_path, path))
        if names:
            self.addSeparator()
        empty = self.addAction(tr("&Clear the list") if names else tr("No file was opened yet"))
        empty.setEnabled(bool(names))
        empty.triggered.connect(lambda: self._settings.update(recent_files=()))

    def _open_path(self, path: Path, _checked: bool = False) -> None:
        self._open(path)
