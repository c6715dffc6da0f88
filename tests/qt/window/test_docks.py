"""The dockable panels: how little room they can do with."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from studio.qt.main_window import MainWindow


def test_the_window_fits_a_small_laptop(qtbot: QtBot, opened: MainWindow) -> None:
    """1280 x 720, less the frame of the window and a bar of the desktop."""
    opened.resize(1280, 660)
    qtbot.waitUntil(opened.docks["layers"].bar.isHidden)
    qtbot.waitUntil(lambda: (opened.width(), opened.height()) == (1280, 660))


def test_panels_named_by_tabs_leave_no_room_for_a_title(qtbot: QtBot, opened: MainWindow) -> None:
    dock = opened.docks["layers"]
    qtbot.waitUntil(dock.bar.isHidden)
    qtbot.waitUntil(lambda: dock.widget().y() == 0)
    dock.setFloating(True)
    qtbot.waitUntil(lambda: dock.bar.isVisible() and dock.widget().y() >= dock.bar.height() > 10)
