"""Pictures, views and what they painted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QEvent, QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from studio.document import Document, Picture
from studio.qt.canvas import CanvasView

Pixels = NDArray[np.uint8]


@pytest.fixture
def noise() -> Callable[..., NDArray[np.generic]]:
    """Random straight RGBA: ``noise(width, height)``; opaque unless ``alpha`` is None (random)."""

    def make(width, height, *, alpha: int | None = 255, depth=np.uint8, seed=0):
        top = np.iinfo(depth).max
        pixels = np.random.default_rng(seed).integers(
            0, top, (height, width, 4), dtype=depth, endpoint=True
        )
        if alpha is not None:
            pixels[..., 3] = alpha * (top // 255)
        return pixels

    return make


@pytest.fixture
def open_view(qapp: QApplication) -> Iterator[Callable[..., CanvasView]]:
    """``open_view(pixels or document, width, height)``: a shown canvas, deleted after the test."""
    views: list[CanvasView] = []

    def make(content=None, width=320, height=240, kind=CanvasView, **options) -> CanvasView:
        view = kind(**options)
        views.append(view)
        view.resize(width, height)
        view.show()
        if content is not None:
            document = content
            if isinstance(content, np.ndarray):
                document = Document(Picture.from_pixels(content))
            view.set_document(document)
        for display in view.scene.displays:
            display.wait()
        qapp.processEvents()
        return view

    yield make
    for view in views:
        view.close()
        view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def grab() -> Callable[..., Pixels]:
    """``grab(widget)``: what it paints as H x W x 3."""

    def make(widget: QWidget, rect: QRect | None = None) -> Pixels:
        pixmap = widget.grab() if rect is None else widget.grab(rect)
        image = pixmap.toImage().convertToFormat(QImage.Format.Format_RGBA8888)
        rows = np.frombuffer(image.constBits(), np.uint8)
        rows = rows.reshape(image.height(), image.bytesPerLine())
        pixels = rows[:, : image.width() * 4].reshape(image.height(), image.width(), 4)
        return pixels[..., :3].copy()

    return make
