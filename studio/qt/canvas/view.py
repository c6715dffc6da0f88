"""The canvas: shows a document, moves around in it and compares it with a result."""

from __future__ import annotations

import math
import weakref
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
)
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from studio.document import Change, Document, Rect
from studio.qt.canvas.frame import Frame
from studio.qt.canvas.overlay import Divider, Overlay
from studio.qt.canvas.pyramid import ToDisplay
from studio.qt.canvas.rulers import THICKNESS
from studio.qt.canvas.scene import NOWHERE, Scene
from studio.qt.canvas.tiles import TilePreview
from studio.qt.canvas.tooling import ToolView
from studio.qt.i18n import tr

POLL_MS = 30
BY_KEYBOARD = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class CanvasView(ToolView):
    """The picture on the screen.

    Wheel zooms around the pointer; space-drag, middle-drag and arrow keys pan; fingers pinch and
    pan. With an overlay, the divider is dragged with the mouse or moved with the left and right
    arrow keys, Home and End, and holding Tab shows the original. A tool gets what is left of the
    pointer and the keys, and the window what the tool leaves.

    Call ``set_document(None)`` before the program ends, so that no thread is filling a display.

    Args:
        parent: as for every widget.
        to_display: conversion of straight RGBA with a profile to straight RGBA for the monitor;
            called on a worker thread too. None shows the values as they are.
    """

    cursor_moved = Signal(object)
    """(x, y, RGBA at the document's depth) of the pixel under the pointer, or None."""

    files_dropped = Signal(list)
    """Paths of local files that were dropped."""

    divider_moved = Signal(float)
    """0 = only "after" is seen, 1 = only "before"."""

    def __init__(self, parent: QWidget | None = None, to_display: ToDisplay | None = None) -> None:
        super().__init__(parent)
        self._scene = scene = Scene(to_display)
        self._frame = Frame()
        self._divider = 0.5
        self._room: Rect | None = None
        self._show_before = False
        self._tab_held = self._dragging_divider = False
        self._cursor: QPointF | None = None
        self._told_cursor: object = None
        self._rulers = False
        self.pixel_grid = True
        self.keyboard_focus = False
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAcceptDrops(True)
        self.setAccessibleName(tr("Canvas"))
        self._describe()
        # The widget may be deleted with its parent, without a close event, or be collected, of
        # which Qt tells no Python function.
        weakref.finalize(self, scene.close)
        self.destroyed.connect(lambda: scene.close())  # noqa: PLW0108 - Qt holds a method weakly

    # What is shown

    @override
    def visible_region(self) -> Rect:
        return super().visible_region() if self._scene.document else NOWHERE

    @property
    def scene(self) -> Scene:
        """What is painted. Read only."""
        return self._scene

    @property
    def document(self) -> Document | None:
        """The document that is shown."""
        return self._scene.document

    def set_document(self, document: Document | None) -> None:
        """Show a document, fitted if it is larger than the view; None shows nothing."""
        if document is self._scene.document:
            return
        view = weakref.ref(self)

        def changed(change: Change) -> None:
            canvas = view()
            if canvas is not None:
                canvas._on_changed(change)

        self._scene.set_document(document, changed)
        self._show_before = self._dragging_divider = False
        if document is not None:
            self.viewport.show(document.picture.width, document.picture.height)
            self._make_room()
        self._refresh()

    def set_to_display(self, to_display: ToDisplay | None) -> None:
        """Convert to another monitor profile."""
        self._scene.set_to_display(to_display)
        self._refresh()

    @property
    def overlay(self) -> Overlay | None:
        """The result that floats over the document."""
        return self._scene.overlay

    def set_overlay(self, overlay: Overlay | None) -> None:
        """Show a result over the document with a divider in its middle; None removes it."""
        if overlay is not None and self._scene.document is None:
            raise ValueError("an overlay needs a document under it")
        shown = self._scene.overlay
        if overlay is None or shown is None:
            self._divider = 0.5
        # A live adjustment is renewed all the time, also while the original is being looked at.
        renewed = overlay is not None and shown is not None and not overlay.divided
        self._show_before = self._show_before and renewed
        self._dragging_divider = False
        self._scene.set_overlay(overlay)
        self._make_room()
        self._refresh()

    @property
    def divider(self) -> float:
        """Position of the divider over the visible part of the result, 0 to 1."""
        return self._divider

    @divider.setter
    def divider(self, position: float) -> None:
        position = min(max(position, 0.0), 1.0)
        if position != self._divider:
            self._divider = position
            self.divider_moved.emit(position)
            self._describe()
            self.update()

    @property
    def showing_before(self) -> bool:
        """Whether the result is hidden for a moment."""
        return self._show_before

    def set_show_before(self, show: bool) -> None:
        """Hide the result, to see the original where it was, or show it again."""
        self._show_before = show
        self._describe()
        self.update()

    def show_tile(self, preview: TilePreview) -> None:
        """Draw a finished tile of a running job over the document."""
        document = self._scene.document
        if document is not None:
            icc = document.picture.icc
            area = self._scene.tiles.add(preview, self._scene.to_display, icc)
            self._make_room()
            left, top = math.floor(area.left()), math.floor(area.top())
            right, bottom = math.ceil(area.right()), math.ceil(area.bottom())
            self.update(self.to_widget_rect(Rect(left, top, right - left, bottom - top)))

    def clear_tiles(self) -> None:
        """Remove all tiles, when the job has ended."""
        self._scene.tiles.clear()
        self._make_room()
        self.update()

    def set_room(self, room: Rect | None) -> None:
        """Let a fitted view show this part of the plane, too, for a tool that works there."""
        self._room = room
        self._make_room()

    def _make_room(self) -> None:
        """Show what a tool or a result needs around the picture, while the view is fitted."""
        areas = [area for area in (self._room, self._scene.beyond) if area is not None]
        if self.viewport.make_room(areas[0].united(areas[-1]) if areas else None):
            self._refresh()

    def set_rulers(self, shown: bool) -> None:
        """Show or hide the rulers."""
        self._rulers = shown
        self.set_inset(round(THICKNESS * self.ratio) if shown else 0)

    @property
    def rulers(self) -> bool:
        """Whether the rulers show."""
        return self._rulers

    def set_pixel_grid(self, shown: bool) -> None:
        """Show or hide the grid between pixels above 800 %."""
        self.pixel_grid = shown
        self.update()

    def shown_divider(self) -> Divider | None:
        """Where the divider is, in device pixels of the view; None without an overlay."""
        overlay, document = self._scene.overlay, self._scene.document
        if overlay is None or document is None or self._show_before or not overlay.divided:
            return None
        placed = self.viewport.placed(overlay.covered(document.picture.bounds))
        view = Rect(0, 0, self.viewport.width, self.viewport.height)
        return Divider(QRect(*placed.intersected(view)), self._divider, self.ratio)

    def shown_whole(self) -> QRect | None:
        """What a result without a divider covers, in device pixels of the view."""
        overlay, document = self._scene.overlay, self._scene.document
        if overlay is None or document is None or self._show_before or overlay.divided:
            return None
        placed = self.viewport.placed(overlay.covered(document.picture.bounds))
        view = Rect(0, 0, self.viewport.width, self.viewport.height)
        return QRect(*placed.intersected(view))

    @property
    def cursor_in_view(self) -> QPointF | None:
        """The pointer in device pixels of the view."""
        return None if self._cursor is None else self.to_device(self._cursor)

    @property
    @override
    def acting(self) -> bool:
        tool = self.tool
        shown = self._scene.document is not None and tool is not None
        return shown and (
            self._scene.overlay is None
            or (tool is not None and (tool.group == "view" or tool.over_results))
        )

    # Following

    def _on_changed(self, change: Change) -> None:
        before, after = change.before, change.after
        area = self._scene.take(change)
        if (before.width, before.height) != (after.width, after.height):
            self.viewport.change_canvas(after.width, after.height)
            self._refresh()
            return
        if not area.empty:
            self.update(self.to_widget_rect(area))
        self._start_polling()
        self._tell_cursor()

    def _refresh(self) -> None:
        self.moved()
        self.refresh_cursor()
        self._start_polling()

    def _start_polling(self) -> None:
        if self._scene.building:
            self._timer.start()

    @property
    def polling(self) -> bool:
        """Whether it asks for finished parts now and then."""
        return self._timer.isActive()

    def _poll(self) -> None:
        """Repaint what a thread has finished; polling needs no signal across threads."""
        scene = self._scene
        if not scene.building:
            self._timer.stop()
        if scene.display is not None and not (area := scene.display.poll()).empty:
            self.update(self.to_widget_rect(area))
        if scene.after is not None and not scene.after.poll().empty:
            self.update()

    @override
    def moved(self) -> None:
        super().moved()
        self._describe()
        self._tell_cursor()

    def _describe(self) -> None:
        document = self._scene.document
        if document is None:
            text = tr("No picture is open.")
        else:
            picture = document.picture
            text = tr("Picture of {width} × {height} pixels at {zoom:.0f} % zoom.",
                      width=picture.width, height=picture.height, zoom=100 * self.zoom)  # fmt: skip
            if self._scene.overlay is not None:
                text += " " + tr("A result is shown; the divider is at {place:.0%}.",
                                 place=self._divider)  # fmt: skip
                text += " " + tr("The original is shown.") if self._show_before else ""
        if text != self.accessibleDescription():
            self.setAccessibleDescription(text)

    def _tell_cursor(self) -> None:
        told = None
        if self._cursor is not None:
            point = self.to_image(self._cursor)
            x, y = math.floor(point.x()), math.floor(point.y())
            value = self._scene.value_at(x, y)
            told = None if value is None else (x, y, value)
        if told != self._told_cursor:
            self._told_cursor = told
            self.cursor_moved.emit(told)

    @override
    def pointed(self, position: QPointF | None) -> None:
        self._cursor = position
        self._tell_cursor()
        if self._rulers:
            thickness = THICKNESS + 1
            rulers = QRegion(0, 0, self.width(), thickness)
            self.update(rulers.united(QRect(0, 0, thickness, self.height())))

    # Events

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._frame.paint(painter, self)
        painter.end()

    @override
    def event(self, event: QEvent) -> bool:
        # Tab would move the focus before keyPressEvent is asked.
        if (
            isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Tab
            and self._scene.overlay is not None
            and event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)
        ):
            if not event.isAutoRepeat():
                self._tab_held = event.type() == QEvent.Type.KeyPress
                self.set_show_before(self._tab_held)
            return True
        if event.type() == QEvent.Type.DevicePixelRatioChange and self._rulers:
            self.inset = round(THICKNESS * self.ratio)
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        far = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        step = 0.1 if far else 0.01
        targets = {
            Qt.Key.Key_Left: self._divider - step,
            Qt.Key.Key_Right: self._divider + step,
            Qt.Key.Key_Home: 0.0,
            Qt.Key.Key_End: 1.0,
        }
        overlay = self._scene.overlay
        if overlay is not None and overlay.divided and event.key() in targets:
            self.divider = targets[Qt.Key(event.key())]
        else:
            super().keyPressEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._over_divider(event.position()):
            self._dragging_divider = True
            self._drag_divider(event.position())
        else:
            super().mousePressEvent(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging_divider:
            self._drag_divider(event.position())
        else:
            super().mouseMoveEvent(event)
        self.pointed(event.position())
        self.refresh_cursor()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragging_divider and event.button() == Qt.MouseButton.LeftButton:
            self._dragging_divider = False
            self.refresh_cursor()
        else:
            super().mouseReleaseEvent(event)

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self.pointed(None)
        super().leaveEvent(event)

    def _drag_divider(self, position: QPointF) -> None:
        if (divider := self.shown_divider()) is not None:
            self.divider = divider.position_at(self.to_device(position).x())

    def _over_divider(self, position: QPointF) -> bool:
        divider = self.shown_divider()
        return not self.panning and divider is not None and divider.hit(self.to_device(position))

    @override
    def refresh_cursor(self) -> None:
        over = self._cursor is not None and self._over_divider(self._cursor)
        if self._dragging_divider or over:
            self.setCursor(Qt.CursorShape.SplitHCursor)
        else:
            super().refresh_cursor()

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        self.keyboard_focus = event.reason() in BY_KEYBOARD
        self.update()
        super().focusInEvent(event)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.keyboard_focus = False
        self.update()
        if self._tab_held:
            self._tab_held = False
            self.set_show_before(False)
        super().focusOutEvent(event)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _local_files(event):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        if paths := _local_files(event):
            event.acceptProposedAction()
            self.files_dropped.emit(list(paths))


def _local_files(event: QDropEvent) -> Sequence[str]:
    return [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
