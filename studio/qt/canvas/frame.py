"""One frame of the canvas, painted in device pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen, QPixmap, QRegion

from studio.document import Rect
from studio.qt.canvas.display import Display
from studio.qt.canvas.overlay import Overlay
from studio.qt.canvas.rendering import (
    GRID_ABOVE,
    Colors,
    Placement,
    as_qrect,
    checkerboard,
    draw_border,
    draw_display,
    draw_grid,
)
from studio.qt.canvas.rulers import Rulers
from studio.qt.canvas.viewport import Viewport

if TYPE_CHECKING:
    from studio.qt.canvas.view import CanvasView

CELL = 8


class Frame:
    """Paints a canvas view: picture, tiles, result, divider and rulers."""

    def __init__(self) -> None:
        self._pattern: QPixmap | None = None
        self._pattern_of: object = None

    def paint(self, painter: QPainter, view: CanvasView) -> None:
        """Paint everything; ``painter`` is fresh, on the view or on what it is grabbed into."""
        port = view.viewport
        ratio = view.ratio
        painter.scale(1 / ratio, 1 / ratio)
        # With a fractional scale factor the widget may begin between two device pixels.
        at = painter.deviceTransform()
        painter.translate(round(at.dx()) - at.dx(), round(at.dy()) - at.dy())
        painter.translate(view.inset, view.inset)
        colors = Colors.of(view.palette())
        window = QRect(0, 0, port.width, port.height)
        display = view.scene.display
        if display is None:
            painter.fillRect(window, colors.background)
        else:
            canvas = as_qrect(port.placed(display.picture.bounds))
            painter.setClipRegion(QRegion(window) - QRegion(canvas))
            painter.fillRect(window, colors.background)
            # Under a result around the picture, in which it would look like a seam.
            draw_border(painter, canvas, colors.border)
            self._paint_picture(painter, view, display, canvas)
            painter.setClipRect(window)
            view.paint_over(painter)
            _paint_divider(painter, view)
        if view.rulers:
            painter.setClipping(False)
            Rulers(port, ratio, view.palette(), view.font()).draw(painter, view.cursor_in_view)
        if view.keyboard_focus:
            _paint_focus(painter, view, window)

    def _paint_picture(
        self, painter: QPainter, view: CanvasView, display: Display, canvas: QRect
    ) -> None:
        scene, port = view.scene, view.viewport
        shown = canvas & QRect(0, 0, port.width, port.height)
        pattern = self._checkerboard(view)
        left, top = port.origin
        divider, after = view.shown_divider(), scene.after
        behind = QRegion(shown)
        over = QRegion()
        whole = view.shown_whole()
        if whole is not None:
            over = QRegion(whole)
            behind -= over
        elif divider is not None:
            over = QRegion(divider.shown) & QRegion(
                divider.x, divider.shown.y(), port.width, divider.shown.height()
            )
            behind -= over
        draw_display(painter, display, Placement(left, top, port.zoom, port.zoom), behind, pattern)
        if scene.tiles and scene.tiles.area is not None:
            # They may lie around the picture, where the canvas is going to be.
            beyond = QRegion(as_qrect(port.placed(scene.tiles.area))) - QRegion(canvas)
            scene.tiles.draw(painter, port, behind + (beyond - over))
        if after is not None and scene.overlay is not None and not over.isEmpty():
            draw_display(painter, after, _placement(port, scene.overlay), over, pattern)
        if view.pixel_grid and port.zoom > GRID_ABOVE:
            painter.setClipRegion(behind)
            draw_grid(painter, port.zoom, port.origin, shown)

    def _checkerboard(self, view: CanvasView) -> QPixmap:
        """The pattern for the present theme and screen, made once."""
        checks = Colors.of(view.palette()).checks
        cell = max(round(CELL * view.ratio), 1)
        key = (checks[0].rgb(), checks[1].rgb(), cell)
        if self._pattern is None or key != self._pattern_of:
            self._pattern, self._pattern_of = checkerboard(checks, cell), key
        return self._pattern


def _placement(port: Viewport, overlay: Overlay) -> Placement:
    """Where the result lies: over its area, whatever its own size."""
    area = overlay.covered(Rect(0, 0, *port.canvas))
    scale_x = port.zoom * area.width / overlay.after.width
    scale_y = port.zoom * area.height / overlay.after.height
    x, y = port.from_image(area.x, area.y)
    if abs(scale_x - 1) < 1e-6 and abs(scale_y - 1) < 1e-6:
        # At its own 100 % it is sharp only on whole device pixels.
        placed = port.placed(area)
        x, y = placed.x, placed.y
    return Placement(x, y, scale_x, scale_y)


def _paint_divider(painter: QPainter, view: CanvasView) -> None:
    overlay, divider = view.overlay, view.shown_divider()
    if overlay is None or divider is None:
        return
    if overlay.area is not None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        placed = as_qrect(view.viewport.placed(overlay.area)).adjusted(-1, -1, 0, 0)
        # White dashes on a dark line show on any picture.
        for color, style in ((0, Qt.PenStyle.SolidLine), (255, Qt.PenStyle.DashLine)):
            painter.setPen(QPen(QColor(color, color, color, 200), 1, style))
            painter.drawRect(placed)
    divider.draw(painter, (overlay.label_before, overlay.label_after), view.font())


def _paint_focus(painter: QPainter, view: CanvasView, window: QRect) -> None:
    width = max(round(2 * view.ratio), 1)
    inner = window.adjusted(width, width, -width, -width)
    painter.setClipRegion(QRegion(window) - QRegion(inner))
    painter.fillRect(window, view.palette().color(QPalette.ColorRole.Highlight))
