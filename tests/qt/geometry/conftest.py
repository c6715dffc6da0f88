"""A window with a picture that is large enough to drag in, and the mouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.document import Layer, Raster
from studio.document.layer_edits import add_node
from studio.qt.geometry.area import ImageArea
from studio.qt.main_window import MainWindow

Drag = Callable[..., None]


@pytest.fixture
def editor(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> MainWindow:
    """A picture of 400 x 300 with a second layer: a red box from (100, 80) to (180, 140)."""
    y, x = np.mgrid[0:300, 0:400]
    values = np.stack([x % 256, y % 256, (x + y) % 256], 2).astype(np.uint8)
    Image.fromarray(values).save(tmp_path / "large.png")
    window.resize(1200, 800)
    window.open(tmp_path / "large.png")
    qtbot.waitUntil(lambda: window.session.document is not None)
    box = np.zeros((60, 80, 4), np.uint8)
    box[:] = (255, 0, 0, 255)
    document = window.session.document
    document.apply("Box", add_node(Layer("Box", Raster.from_array(box, 100, 80))))
    window.canvas.actual_size()
    return window


@pytest.fixture
def toolbox(editor: MainWindow):
    """The tools of the window."""
    (area,) = editor.findChildren(ImageArea)
    return area.desk.toolbox


@pytest.fixture
def drag(editor: MainWindow) -> Drag:
    """Drags the mouse from one point of the picture to another."""
    canvas = editor.canvas

    def act(start, end, modifiers=Qt.KeyboardModifier.NoModifier, *, release=True):
        a, b = (canvas.from_image(QPointF(*point)) for point in (start, end))
        left = Qt.MouseButton.LeftButton
        QTest.mousePress(canvas, left, modifiers, a.toPoint())
        for step in range(1, 5):
            at = a.toPoint() + (b.toPoint() - a.toPoint()) * (step / 4)
            event = QMouseEvent(
                QEvent.Type.MouseMove,
                QPointF(at),
                QPointF(canvas.mapToGlobal(at)),
                Qt.MouseButton.NoButton,
                left,
                modifiers,
            )
            QApplication.sendEvent(canvas, event)
        if release:
            QTest.mouseRelease(canvas, left, modifiers, b.toPoint())

    return act
