"""A toolbox on a canvas of its own, without the rest of the window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.document import Document, Picture
from studio.host.services import Services
from studio.qt.background import Background
from studio.qt.canvas import CanvasView
from studio.qt.messages import MessageBar
from studio.qt.models import Models
from studio.qt.session import Session, Source
from studio.qt.theme import Theme
from studio.qt.tools.toolbox import Toolbox
from studio.qt.tools.values import Values
from studio.qt.workspace import Workspace

PLAIN = Qt.KeyboardModifier.NoModifier


@dataclass
class Studio:
    """What tools need, and a hand that moves the mouse in picture coordinates."""

    workspace: Workspace
    canvas: CanvasView
    toolbox: Toolbox

    @property
    def document(self) -> Document:
        document = self.workspace.session.document
        assert document is not None
        return document

    @property
    def steps(self) -> list[str]:
        return [step.title for step in self.document.history.steps]

    def open(self, pixels: np.ndarray, **changes: object) -> None:
        picture = Picture.from_pixels(pixels).replaced(**changes)
        self.workspace.session.show(picture, Source(), 64, saved=True)
        self.canvas.set_document(self.workspace.session.document)
        self.canvas.actual_size()

    def choose(self, id: str, **values: float | bool | str) -> Values:
        self.toolbox.choose(id)
        tool_values: Values = self.toolbox.current.values  # type: ignore[attr-defined]  # of its class
        for name, value in values.items():
            tool_values.set(name.replace("_", "-"), value)
        return tool_values

    def at(self, x: float, y: float) -> object:
        return self.canvas.from_image(QPointF(x, y)).toPoint()

    def press(self, x: float, y: float, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
        QTest.mousePress(self.canvas, Qt.MouseButton.LeftButton, modifiers, self.at(x, y))

    def move(self, x: float, y: float) -> None:
        QTest.mouseMove(self.canvas, self.at(x, y))

    def release(self, x: float, y: float, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
        QTest.mouseRelease(self.canvas, Qt.MouseButton.LeftButton, modifiers, self.at(x, y))

    def drag(self, *points: tuple[float, float], modifiers: Qt.KeyboardModifier = PLAIN) -> None:
        self.press(*points[0], modifiers)
        for point in points[1:]:
            self.move(*point)
        self.release(*points[-1], modifiers)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
        QTest.keyClick(self.canvas, key, modifiers)

    def pixels(self, layer: int = 0) -> np.ndarray:
        picture = self.document.picture
        return picture.layers[layer].raster.read(picture.bounds)


@pytest.fixture
def studio(qtbot: QtBot, services: Services, theme: Theme) -> Iterator[Studio]:
    """A toolbox on a shown canvas with a white picture of 200 x 150 pixels."""
    background = Background()
    models = Models(services.store, services.registry.loaders, background)
    messages = MessageBar(theme)
    workspace = Workspace(services, theme, background, messages, Session(), models)
    canvas = CanvasView()
    canvas.resize(400, 300)
    canvas.show()
    qtbot.waitExposed(canvas)
    made = Studio(workspace, canvas, Toolbox(workspace, canvas))
    made.open(np.full((150, 200, 4), 255, np.uint8))
    yield made
    made.toolbox.close()
    canvas.set_document(None)
    assert background.close()
    for widget in (canvas, messages):
        widget.close()
        widget.deleteLater()
    qtbot.wait(1)
