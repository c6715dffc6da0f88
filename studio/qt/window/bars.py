"""The toolbar at the top."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QMainWindow, QSizePolicy, QToolBar, QWidget

from studio.qt.actions import Actions, keys_text
from studio.qt.i18n import tr
from studio.qt.theme import Theme
from studio.qt.widgets import button


def add_toolbar(window: QMainWindow, actions: Actions, theme: Theme) -> None:
    """Put the toolbar with the commands that want a button, and the palette's, into a window."""
    bar = QToolBar(tr("Toolbar"))
    bar.setObjectName("toolbar")
    bar.setMovable(False)
    bar.setIconSize(QSize(20, 20))
    bar.toggleViewAction().setEnabled(False)
    actions.fill_toolbar(bar)
    room = QWidget()
    room.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    bar.addWidget(room)
    find = button("", tr("Open the command palette"))
    find.setObjectName("palette-button")
    find.setAccessibleName(tr("Open the command palette"))
    theme.bind(find, "search", "muted", 16)
    find.clicked.connect(lambda: actions.trigger("palette"))

    def show_keys() -> None:
        keys = keys_text(next(iter(actions.keys("palette")), ""))
        find.setText(f"{tr('Find a command or tool…')}    {keys}".rstrip())

    actions.shortcuts_changed.connect(show_keys)
    show_keys()
    bar.addWidget(find)
    window.addToolBar(bar)
