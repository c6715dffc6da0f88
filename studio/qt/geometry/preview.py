"""A part of the picture that floats while it is moved: drawn at the screen's resolution only."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from PySide6.QtCore import QObject, QRectF, Signal
from PySide6.QtGui import QImage, QPainter, QPixmap, QTransform

from studio.document import Array, Picture, Raster, Rect, composite
from studio.document.composite import composite_nodes
from studio.document.nodes import Layer, Node, layers_in, mapped
from studio.document.transforms import Matrix, Target, lifted
from studio.qt.background import Task
from studio.qt.canvas import CanvasView
from studio.qt.canvas.pyramid import ToDisplay, premultiplied, to_eight_bits
from studio.qt.canvas.rendering import Colors, checkerboard
from studio.qt.workspace import Workspace

MOST_PIXELS = 6_000_000


@dataclass(frozen=True)
class Sheet:
    """An image and the rectangle of the picture that it shows."""

    image: QImage
    area: Rect


@dataclass(frozen=True)
class Sheets:
    """What is drawn: what stays below, what moves, what stays above; for one part of the view."""

    below: Sheet
    moving: Sheet
    above: Sheet | None
    view: Rect


class FloatingPreview(QObject):
    """Shows a target under any matrix while nothing of the document changes.

    It is made ready on a thread, for the part in view; until then only the tool's frame is seen.

    Signals:
        ready: it looks different now.
    """

    ready = Signal()

    def __init__(
        self, workspace: Workspace, canvas: CanvasView, picture: Picture, target: Target
    ) -> None:
        super().__init__(canvas)
        self._workspace, self._canvas = workspace, canvas
        self._picture, self._target = picture, target
        self._sheets: Sheets | None = None
        self._task: Task | None = None
        self._wanted: tuple[Rect, int] | None = None
        self._pattern: QPixmap | None = None

    @property
    def shown(self) -> bool:
        """Whether it is ready to be drawn."""
        return self._sheets is not None

    def close(self) -> None:
        """Draw no more."""
        if self._task is not None:
            self._task.cancel()
        self._task = self._sheets = None
        self.deleteLater()

    def prepare(self) -> None:
        """Have it ready for the part in view, on a thread."""
        factor = 1 << max(int(math.log2(1 / self._canvas.zoom) + 1e-9), 0)
        view = _aligned(self._canvas.visible_region(), factor)
        if view.empty or (view, factor) == self._wanted:
            return
        self._wanted = (view, factor)
        if self._task is not None:
            self._task.cancel()
        picture, target = self._picture, self._target
        to_display = self._canvas.scene.to_display
        self._task = self._workspace.background.run(
            lambda: _make(picture, target, view, factor, to_display), self._take, owner=self
        )

    def _take(self, sheets: Sheets) -> None:
        self._sheets = sheets
        self.ready.emit()

    def paint(self, painter: QPainter, canvas: CanvasView, matrix: Matrix) -> None:
        """Draw the whole view with the target moved by ``matrix``."""
        self.prepare()
        sheets = self._sheets
        if sheets is None:
            return
        picture = self._picture
        painter.save()
        on_canvas = canvas.viewport.placed(picture.bounds)
        painter.setClipRect(QRectF(*on_canvas))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        to_view = QTransform.fromTranslate(*canvas.viewport.origin)
        to_view.scale(canvas.zoom, canvas.zoom)
        self._draw_pattern(painter, canvas, QRectF(*canvas.viewport.placed(sheets.view)))
        _draw(painter, sheets.below, to_view)
        _draw(painter, sheets.moving, as_transform(matrix) * to_view)
        if sheets.above is not None:
            _draw(painter, sheets.above, to_view)
        painter.restore()

    def _draw_pattern(self, painter: QPainter, canvas: CanvasView, where: QRectF) -> None:
        if self._pattern is None:
            checks = Colors.of(canvas.palette()).checks
            self._pattern = checkerboard(checks, max(round(8 * canvas.ratio), 1))
        offset = where.topLeft()
        offset.setX(offset.x() % self._pattern.width())
        offset.setY(offset.y() % self._pattern.height())
        painter.drawTiledPixmap(where, self._pattern, offset)


def as_transform(matrix: Matrix) -> QTransform:
    """The same map for Qt, which multiplies from the right."""
    m = matrix / matrix[2, 2]
    return QTransform(*(float(value) for value in m.T.reshape(-1)))


def _draw(painter: QPainter, sheet: Sheet, to_view: QTransform) -> None:
    painter.save()
    painter.setTransform(to_view, True)
    painter.drawImage(QRectF(*sheet.area), sheet.image, QRectF(sheet.image.rect()))
    painter.restore()


def _make(
    picture: Picture, target: Target, view: Rect, factor: int, to_display: ToDisplay | None
) -> Sheets:
    def image(pixels: Array) -> QImage:
        if to_display is not None:
            pixels = to_display(pixels, picture.icc)
        return as_image(to_eight_bits(pixels))

    without, only = lifted(picture, target)
    above = () if target.kind == "mask" else _above(without, target.node_id)
    if not any(node.visible for node in above):
        above = ()
    for node in above:
        # Drawn over what moves, so not under it too.
        without = without.with_node(node.replaced(visible=False))
    below = Sheet(image(composite(reduced(without, view, factor))), view)
    room = factor
    while target.area.width * target.area.height / room**2 > MOST_PIXELS:
        room *= 2
    area = _aligned(target.area, room)
    if target.kind == "mask":
        return Sheets(below, Sheet(_mask_image(picture, target, area, room), area), None, view)
    moving = Sheet(image(composite(reduced(only, area, room))), area)
    if not above:
        return Sheets(below, moving, None, view)
    over = reduced(picture.replaced(nodes=above, active=""), view, factor)
    top = composite_nodes(over.nodes, over.bounds)
    return Sheets(below, moving, Sheet(image(top), view), view)


def _mask_image(picture: Picture, target: Target, area: Rect, factor: int) -> QImage:
    """What a mask hides, in red, as a quick mask is shown."""
    node = picture.node(target.node_id)
    mask = None if node is None else node.mask
    pixels = np.zeros((area.height // factor, area.width // factor, 4), np.uint8)
    if mask is not None:
        shown = _thinned(mask, area, factor)[..., 0].astype(np.float32) / mask.maximum
        pixels[..., 0] = 230
        pixels[..., 3] = np.rint((1 - shown) * 60 + shown * 110)
    return as_image(pixels)


def as_image(pixels: Array) -> QImage:
    """Straight 8-bit RGBA as an image of Qt that owns its memory."""
    height, width = pixels.shape[0], pixels.shape[1]
    out = np.empty((height, width, 4), np.uint8)
    premultiplied(pixels, out)
    form = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(out.data, width, height, width * 4, form).copy()


def reduced(picture: Picture, area: Rect, factor: int) -> Picture:
    """The part ``area`` of a picture with every layer ``factor`` times smaller."""

    def again(raster: Raster) -> Raster:
        return Raster.from_array(_thinned(raster, area, factor))

    def layer(old: Layer) -> Layer:
        return old.replaced(raster=again(old.raster)) if old.visible else old

    nodes = mapped(picture.nodes, layer, again)
    return picture.replaced(
        width=area.width // factor, height=area.height // factor, nodes=nodes, selection=None
    )


def _thinned(raster: Raster, area: Rect, factor: int) -> Array:
    pixels = raster.read(area)
    if factor == 1:
        return pixels
    size = (area.width // factor, area.height // factor)
    shrink: Callable[[Array], Array] = lambda part: np.asarray(  # noqa: E731 - a one-liner
        cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    ).reshape(size[1], size[0], -1)
    if raster.channels == 1 or pixels[..., 3].min() == raster.maximum:
        return shrink(pixels)
    small = shrink(pixels)
    weighted = pixels[..., :3].astype(np.float32) * (pixels[..., 3:] / np.float32(raster.maximum))
    alpha = small[..., 3:].astype(np.float32) / raster.maximum
    color = shrink(weighted) / np.where(alpha > 0, alpha, 1)
    small[..., :3] = np.clip(np.rint(color), 0, raster.maximum)
    return small


def _above(picture: Picture, node_id: str) -> tuple[Node, ...]:
    """Everything over a node, of its groups from the inside out."""
    found: list[Node] = []
    for node in reversed(picture.path(node_id)):
        siblings = picture.siblings(node.id)
        found.extend(siblings[[other.id for other in siblings].index(node.id) + 1 :])
    return tuple(node for node in found if any(True for _ in layers_in((node,))))


def _aligned(area: Rect, step: int) -> Rect:
    """The area with its sides at multiples of ``step``."""
    x, y = area.x // step * step, area.y // step * step
    right, bottom = -(-area.right // step) * step, -(-area.bottom // step) * step
    return Rect(x, y, right - x, bottom - y)
