"""A window with a picture, and a hand that works its canvas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.document import Array, Picture
from studio.qt.main_window import MainWindow
from studio.qt.session import Source

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@dataclass
class Hand:
    """Works the canvas in picture coordinates."""

    window: MainWindow
    qtbot: QtBot

    @property
    def canvas(self):
        return self.window.canvas

    @property
    def picture(self) -> Picture:
        return self.window.session.document.picture

    @property
    def titles(self) -> list[str]:
        history = self.window.session.document.history
        return [step.title for step in history.steps[: history.position]]

    def choose(self, tool: str):
        self.window.toolbox.choose(tool)
        return self.window.toolbox.current

    def at(self, x: float, y: float) -> QPoint:
        return self.canvas.from_image(QPointF(x, y)).toPoint()

    def press(self, x, y, keys=NONE):
        QTest.mousePress(self.canvas, LEFT, keys, self.at(x, y))

    def move(self, x, y, keys=NONE):
        """With the button held; QTest has no moves with modifier keys."""
        at = self.at(x, y)
        place, everywhere = QPointF(at), QPointF(self.canvas.mapToGlobal(at))
        kind = QEvent.Type.MouseMove
        event = QMouseEvent(kind, place, everywhere, Qt.MouseButton.NoButton, LEFT, keys)
        QApplication.sendEvent(self.canvas, event)

    def release(self, x, y, keys=NONE):
        QTest.mouseRelease(self.canvas, LEFT, keys, self.at(x, y))

    def drag(self, start, end, keys=NONE):
        self.press(*start, keys)
        self.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, keys)
        self.move(*end, keys)
        self.release(*end, keys)

    def click(self, x, y, keys=NONE):
        self.press(x, y, keys)
        self.release(x, y, keys)
        self.qtbot.waitUntil(lambda: not self.window.workspace.background.busy, timeout=20_000)

    def selected(self) -> Array | None:
        """H x W uint8, or None."""
        selection = self.picture.selection
        return None if selection is None else selection.read(self.picture.bounds)[..., 0]

    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of what is selected."""
        rows, columns = np.nonzero(self.selected())
        return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.fixture
def hand(qtbot: QtBot, window: MainWindow) -> Hand:
    """The window with 300 x 200 pixels in four flat quarters, at 100 %."""
    pixels = np.full((200, 300, 4), 255, np.uint8)
    pixels[:100, :150, :3] = (200, 30, 30)
    pixels[:100, 150:, :3] = (30, 200, 30)
    pixels[100:, :150, :3] = (30, 30, 200)
    pixels[100:, 150:, :3] = (205, 35, 30)
    window.session.show(Picture.from_pixels(pixels), Source(), 64, saved=True)
    window.canvas.actual_size()
    # Shortcuts are for the window in use.
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
    return Hand(window, qtbot)


Trigger = Callable[[str], None]


@pytest.fixture
def trigger(hand: Hand) -> Trigger:
    """Does a command as if chosen from the menu; it must be enabled."""

    def do(command: str) -> None:
        action = hand.window.actions_by_id[command]
        assert action.isEnabled()
        action.trigger()

    return do
