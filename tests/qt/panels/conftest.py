"""A canvas and a session for the panels, without the rest of the window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from studio.document import Document, Picture
from studio.qt.background import Background
from studio.qt.canvas import CanvasView
from studio.qt.session import Session, Source


@dataclass
class Place:
    """What the panels are given."""

    session: Session
    canvas: CanvasView
    background: Background

    @property
    def document(self) -> Document:
        assert self.session.document is not None
        return self.session.document

    def open(self, picture: Picture) -> None:
        """Show a picture on the canvas."""
        self.session.show(picture, Source(title="Test"), 64, saved=True)
        self.canvas.set_document(self.session.document)


@pytest.fixture
def place(qtbot: QtBot) -> Iterator[Place]:
    """A canvas of 400 x 300 with a picture of 800 x 600."""
    background, canvas = Background(), CanvasView()
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    canvas.show()
    made = Place(Session(), canvas, background)
    pixels = np.zeros((600, 800, 4), np.uint8)
    pixels[..., 3] = 255
    pixels[:, 400:, 0] = 200
    made.open(Picture.from_pixels(pixels))
    yield made
    canvas.set_document(None)
    assert background.close()
