"""A session without a mouse: open, select, adjust, save. Every step is a key at what has the focus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from studio.qt.main_window import MainWindow

WAIT = 30_000


def focus() -> QWidget:
    """What the keyboard goes to."""
    popup = QApplication.activePopupWidget()
    if popup is not None:
        return popup.focusWidget() or popup
    found = QApplication.focusWidget() or QApplication.activeWindow()
    assert found is not None, "nothing has the keyboard"
    return found


def press(keys: str) -> None:
    """Press a key or a combination, such as ``Ctrl+K``."""
    QTest.keySequence(focus(), QKeySequence(keys))


def write(text: str) -> None:
    """Type a text."""
    QTest.keyClicks(focus(), text)


def any_dialog() -> bool:
    """Whether one is open."""
    windows = QApplication.topLevelWidgets()
    return any(isinstance(widget, QDialog) and widget.isVisible() for widget in windows)


def activate(qtbot: QtBot, window: MainWindow) -> None:
    """Do what a window manager does at the start and when a dialog goes."""
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window, timeout=WAIT)


@pytest.fixture
def in_dialog(qtbot: QtBot, window: MainWindow) -> Callable[[str, Callable[[], None]], None]:
    """Press keys that open a dialog, then others in it, even if the first wait for its end."""

    def run(opening: str, inside: Callable[[], None]) -> None:
        done: list[bool] = []

        def look() -> None:
            target = QApplication.focusWidget()
            if done or target is None or not isinstance(target.window(), QDialog):
                return
            done.append(True)
            inside()

        timer = QTimer()
        timer.setInterval(20)
        timer.timeout.connect(look)
        timer.start()
        press(opening)
        qtbot.waitUntil(lambda: bool(done), timeout=WAIT)
        timer.stop()
        qtbot.waitUntil(lambda: not any_dialog(), timeout=WAIT)
        activate(qtbot, window)

    return run


def command(name: str) -> None:
    """Find a command in the palette; Enter is left to the caller."""
    press("Ctrl+K")
    write(name)


def answer(*values: object) -> Callable[[], None]:
    """Fill a dialog's first fields and accept it."""

    def keys() -> None:
        for number, value in enumerate(values):
            if number:
                press("Tab")
            press("Ctrl+A")
            write(str(value))
        press("Return")

    return keys


def test_open_select_adjust_save(
    qtbot: QtBot,
    window: MainWindow,
    photo: Path,
    tmp_path: Path,
    in_dialog: Callable[[str, Callable[[], None]], None],
):
    original = np.asarray(Image.open(photo))
    activate(qtbot, window)

    in_dialog("Ctrl+O", answer(photo))
    qtbot.waitUntil(lambda: window.session.document is not None, timeout=WAIT)
    document = window.session.document
    assert document is not None

    press("Ctrl+A")
    assert document.picture.selection is not None
    command("Color range")
    in_dialog("Return", answer())  # like the foreground colour, black
    selection = document.picture.selection
    assert selection is not None
    weights = selection.read(document.picture.bounds)[..., 0]
    inside, outside = weights == 255, weights == 0
    assert inside.any()
    assert outside.any()

    before = document.picture
    command("Invert")
    press("Return")
    activate(qtbot, window)
    press("Ctrl+Return")
    qtbot.waitUntil(lambda: document.picture is not before, timeout=WAIT)
    assert document.history.steps[-1].title == "Invert"

    in_dialog("Ctrl+Shift+S", answer(tmp_path / "keys.png"))
    qtbot.waitUntil(lambda: not window.session.modified, timeout=WAIT)
    saved = np.asarray(Image.open(tmp_path / "keys.png").convert("RGB"))
    assert np.array_equal(saved[outside], original[outside])
    assert np.array_equal(saved[inside], 255 - original[inside])

    press("Ctrl+W")
    assert window.session.document is None
