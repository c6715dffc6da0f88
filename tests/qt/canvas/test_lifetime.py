from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QWidget

from studio.document import Document, Picture, Raster
from studio.document.edits import paint
from studio.qt.canvas import CanvasView, Overlay


@pytest.fixture
def slow_document() -> Document:
    """100 megapixels in 7 tiles of memory: the thread is busy with it for a while."""
    rng = np.random.default_rng(0)
    tiles = [rng.integers(0, 256, (256, 256, 4), np.uint8) for _ in range(7)]
    raster = Raster(
        np.uint8, 4, {(x, y): tiles[(3 * x + y) % 7] for x in range(48) for y in range(32)}
    )
    picture = Picture.from_pixels(np.zeros((1, 1, 4), np.uint8))
    layer = picture.layers[0].replaced(raster=raster)
    return Document(picture.replaced(width=48 * 256, height=32 * 256, nodes=(layer,)))


def delete(widget):
    widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def builders():
    return [thread for thread in threading.enumerate() if thread.name == "canvas display"]


def test_another_document_frees_the_first(open_view, noise):
    first = Document(Picture.from_pixels(noise(600, 600)))
    view = open_view(first)
    view.set_overlay(Overlay(Picture.from_pixels(noise(600, 600))))
    memory = [weakref.ref(display.pyramid) for display in view.scene.displays]
    second = Document(Picture.from_pixels(noise(60, 60)))
    view.set_document(second)
    gc.collect()
    assert [ref() for ref in memory] == [None, None]
    assert len(first.changed) == 0
    assert len(second.changed) == 1
    document = weakref.ref(first)
    del first
    gc.collect()
    assert document() is None


def test_a_view_deleted_with_its_parent_lets_go(qapp, noise):
    document = Document(Picture.from_pixels(noise(60, 60)))
    parent = QWidget()
    view = CanvasView(parent)
    view.set_document(document)
    assert len(document.changed) == 1
    delete(parent)
    assert len(document.changed) == 0
    document.apply("stroke", paint(document.picture.active, 0, 0, noise(5, 5, seed=1)))


def test_a_view_that_is_dropped_lets_go(qapp, noise):
    document = Document(Picture.from_pixels(noise(60, 60)))
    view = CanvasView()
    view.set_document(document)
    gone = weakref.ref(view)
    del view
    gc.collect()
    assert gone() is None
    assert len(document.changed) == 0


def test_deleting_a_view_while_it_is_filled(qapp, slow_document):
    view = CanvasView()
    view.set_document(slow_document)
    assert builders()
    delete(view)
    assert not builders()


def test_changing_documents_while_one_is_filled(open_view, slow_document, noise):
    view = open_view()
    for _ in range(3):
        view.set_document(slow_document)
        assert view.scene.building
        view.set_document(None)
        assert not builders()
    view.set_document(slow_document)
    view.set_overlay(Overlay(slow_document.picture))
    view.set_overlay(None)
    view.set_document(Document(Picture.from_pixels(noise(60, 60))))
    assert not builders()
    assert not view.scene.building


def test_polling_ends_with_the_build(open_view, noise, qtbot):
    document = Document(Picture.from_pixels(noise(2900, 2310)))
    view = open_view()
    view.set_document(document)
    assert view.scene.building
    qtbot.waitUntil(lambda: not view.scene.building)
    qtbot.waitUntil(lambda: not view.polling)
    assert view.scene.display.sharp(0, document.picture.bounds) is None
