"""A picture before and after, with a divider; zoomed by wheel and keys, moved by dragging."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from studio.document import Array
from studio.qt.canvas.rendering import checkerboard
from studio.qt.i18n import tr

_SMALLEST, _LARGEST = 0.05, 16.0
_GRIP = 8


def image_of(pixels: Array) -> QImage:
    """Straight RGBA of 8 bits as an image with memory of its own."""
    plain = np.ascontiguousarray(pixels)
    height, width = plain.shape[:2]
    form = QImage.Format.Format_RGBA8888
    return QImage(plain.data, width, height, plain.strides[0], form).copy()


class ComparePreview(QWidget):
    """Left of the divider is before, right of it after."""

    def __init__(self) -> None:
        super().__init__()
        self.before = QImage()
        self.after = QImage()
        self.zoom = 1.0
        self.middle = QPointF(0.5, 0.5)
        self.divider = 0.5
        self._grabbed: QPointF | None = None
        self._moving_divider = False
        self._fitted = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(320, 260)
        self.setAccessibleName(tr("Preview: before on the left, after on the right"))
        self.setToolTip(
            tr("Wheel or + and - zooms, dragging or arrow keys move, Ctrl+arrow keys divide")
        )

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for a fair part of a picture."""
        return QSize(560, 440)

    def show_images(self, before: QImage, after: QImage) -> None:
        """Show another pair of images of one size."""
        same = before.size() == self.before.size()
        self.before, self.after = before, after
        if not (self._fitted and same):
            self.fit()
        self.update()

    def fit(self) -> None:
        """Show the whole, or actual pixels of a large picture."""
        if self.before.isNull():
            return
        scale = min(self.width() / self.before.width(), self.height() / self.before.height())
        self.zoom = min(max(scale, 0.5), 1.0) if scale < 1 else min(float(int(scale)), 4.0)
        self.middle = QPointF(0.5, 0.5)
        self._fitted = True
        self.update()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom, keeping the point under ``at`` (default: the middle) where it is."""
        at = at or QPointF(self.rect().center())
        before = self._to_image(at)
        self.zoom = min(max(self.zoom * factor, _SMALLEST), _LARGEST)
        moved = self._to_image(at) - before
        self._move(moved)

    def _move(self, by: QPointF) -> None:
        """Move the picture by image pixels."""
        width, height = max(self.before.width(), 1), max(self.before.height(), 1)
        x = self.middle.x() - by.x() / width
        y = self.middle.y() - by.y() / height
        self.middle = QPointF(min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0))
        self.update()

    def _target(self) -> QRectF:
        width, height = self.before.width() * self.zoom, self.before.height() * self.zoom
        left = round(self.width() / 2 - self.middle.x() * width)
        top = round(self.height() / 2 - self.middle.y() * height)
        return QRectF(left, top, width, height)

    def _to_image(self, point: QPointF) -> QPointF:
        target = self._target()
        return QPointF((point.x() - target.x()) / self.zoom, (point.y() - target.y()) / self.zoom)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's name
        """Draw both sides and the divider."""
        painter = QPainter(self)
        level = self.palette().window().color().lightness()
        painter.fillRect(self.rect(), QColor.fromHsl(0, 0, level * 3 // 4))
        if self.before.isNull():
            painter.setPen(self.palette().text().color())
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, tr("Computing a preview…"))
            return
        target, x = self._target(), self.width() * self.divider
        grays = (QColor(150, 150, 150), QColor(180, 180, 180))
        painter.setClipRect(target)
        painter.drawTiledPixmap(self.rect(), checkerboard(grays, 8))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.zoom < 2)
        sides = ((self.before, 0.0, x), (self.after, x, self.width() - x))
        for image, left, width in sides:
            painter.setClipRect(QRectF(left, 0, width, self.height()).intersected(target))
            painter.drawImage(target, image, QRectF(image.rect()))
        painter.setClipping(False)
        painter.setPen(QPen(QColor(0, 0, 0, 140), 3))
        painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
        painter.setPen(QPen(QColor(255, 255, 255), 1))
        painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
        self._label(painter, tr("Before"), x - 8, right=True)
        self._label(painter, tr("After"), x + 8, right=False)
        painter.end()

    def _label(self, painter: QPainter, text: str, x: float, *, right: bool) -> None:
        metrics = painter.fontMetrics()
        width = metrics.horizontalAdvance(text) + 12
        box = QRectF(x - width if right else x, 8, width, metrics.height() + 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 150))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QColor(255, 255, 255))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Zoom at the pointer."""
        self.zoom_by(1.25 ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Take hold of the divider or the picture."""
        self._moving_divider = self._near_divider(event.position())
        self._grabbed = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Move what is held."""
        if self._grabbed is None:
            near = self._near_divider(event.position())
            shape = Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.OpenHandCursor
            self.setCursor(shape)
        elif self._moving_divider:
            self._divide(event.position().x() / max(self.width(), 1))
        else:
            self._move((event.position() - self._grabbed) / self.zoom)
            self._grabbed = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002, N802 - Qt's name
        """Let go."""
        self._grabbed = None

    def _near_divider(self, point: QPointF) -> bool:
        return abs(point.x() - self.width() * self.divider) <= _GRIP

    def _divide(self, share: float) -> None:
        self.divider = min(max(share, 0.0), 1.0)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Zoom, move and divide without a mouse."""
        keys, key = Qt.Key, event.key()
        steps = {keys.Key_Left: (1, 0), keys.Key_Right: (-1, 0), keys.Key_Up: (0, 1),
                 keys.Key_Down: (0, -1)}  # fmt: skip
        if key in (keys.Key_Plus, keys.Key_Equal):
            self.zoom_by(1.25)
        elif key == keys.Key_Minus:
            self.zoom_by(0.8)
        elif key in steps:
            x, y = steps[keys(key)]
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self._divide(self.divider - 0.05 * x)
            else:
                self._move(QPointF(x, y) * (40 / self.zoom))
        else:
            super().keyPressEvent(event)
