"""A layer panel on a small document, without the rest of the window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from studio.document import Document, Group, Layer, Picture, Raster
from studio.host.services import Services
from studio.qt.background import Background
from studio.qt.layers.panel import LayersPanel
from studio.qt.messages import MessageBar
from studio.qt.models import Models
from studio.qt.session import Session, Source
from studio.qt.theme import Theme
from studio.qt.workspace import Workspace


def layer(name: str, value: int, dtype: type = np.uint8) -> Layer:
    top = np.iinfo(dtype).max
    pixels = np.full((40, 60, 4), value * (top // 255), dtype)
    pixels[..., 3] = top
    return Layer(name, Raster.from_array(pixels), id=name)


@dataclass
class Bench:
    """The panel, what it works with and what was said to be under way."""

    panel: LayersPanel
    workspace: Workspace
    busy: list[str]

    @property
    def document(self) -> Document:
        document = self.workspace.session.document
        assert document is not None
        return document

    @property
    def picture(self) -> Picture:
        return self.document.picture

    def order(self) -> list[tuple[str, int]]:
        """Names and depths, top to bottom, as the document has them."""
        return [(node.name, depth) for node, depth in self.picture.walk()]

    def titles(self) -> list[str]:
        """What the history says."""
        return [step.title for step in self.document.history.steps]

    def open(self, picture: Picture) -> None:
        """Show another picture."""
        self.workspace.session.show(picture, Source(title="Test"), 64, saved=True)

    def message(self) -> str:
        """What the message bar says."""
        return self.workspace.messages.text.text()


@pytest.fixture
def tree_picture() -> Picture:
    """Top to bottom: a, a group g of b and c, d."""
    group = Group("g", (layer("c", 60), layer("b", 120)), id="g")
    return Picture(60, 40, (layer("d", 30), group, layer("a", 200)), "a")


@pytest.fixture
def bench(qtbot: QtBot, services: Services, theme: Theme, tree_picture: Picture) -> Iterator[Bench]:
    """The panel, shown, on `tree_picture`."""
    background = Background()
    models = Models(services.store, services.registry.loaders, background)
    messages = MessageBar(theme)
    qtbot.addWidget(messages)
    workspace = Workspace(services, theme, background, messages, Session(), models)
    busy: list[str] = []
    workspace.edits.busy.connect(busy.append)
    panel = LayersPanel(workspace)
    qtbot.addWidget(panel)
    panel.resize(300, 500)
    panel.show()
    qtbot.waitExposed(panel)
    made = Bench(panel, workspace, busy)
    made.open(tree_picture)
    yield made
    panel.close_document()
    assert background.close()
