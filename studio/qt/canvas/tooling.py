"""A view that a tool acts on: it hands pointer and keys to the tool and paints decorations."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPointingDevice,
    QTabletEvent,
)
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)
from typing_extensions import override

from studio.api.errors import UserError
from studio.qt.canvas.navigation import NavigableView

if TYPE_CHECKING:
    from studio.qt.canvas.view import CanvasView
    from studio.qt.tools.base import Pointer, Tool

LEFT = Qt.MouseButton.LeftButton
FIELDS = (QAbstractSpinBox, QLineEdit, QPlainTextEdit, QTextEdit)
"""Controls that keep the keys while something is typed."""


class Decoration(Protocol):
    """Something drawn over the picture and under the tool, such as guides or a selection."""

    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        """Draw in device pixels; ``canvas.image_to_view`` says where."""


class ToolView(NavigableView):
    """Owns the tool and the decorations; what the tool does not take moves the view.

    A pen is read as tablet events, with its pressure, where the tool acts; everywhere else Qt makes
    mouse events of them.
    """

    tool_failed = Signal(object)
    """A UserError that a tool raised."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tool: Tool | None = None
        self._pressed: Tool | None = None
        self._decorations: list[Decoration] = []
        self.setAttribute(Qt.WidgetAttribute.WA_TabletTracking)

    @property
    def tool(self) -> Tool | None:
        """The tool that acts."""
        return self._tool

    def set_tool(self, tool: Tool | None) -> None:
        """Let another tool act; the caller has deactivated the one before."""
        if self._tool is not None:
            self._tool.repaint.disconnect(self.update)
        self._tool, self._pressed = tool, None
        if tool is not None:
            tool.repaint.connect(self.update)
        self.refresh_cursor()
        self.update()

    def add_decoration(self, decoration: Decoration) -> None:
        """Draw something after the picture, over the decorations there are."""
        self._decorations.append(decoration)
        self.update()

    def remove_decoration(self, decoration: Decoration) -> None:
        """Draw it no more; it must have been added."""
        self._decorations.remove(decoration)
        self.update()

    @property
    def acting(self) -> bool:
        """Whether the tool acts now: there is one, and something for it to act on."""
        return self._tool is not None

    @property
    def tool_pressed(self) -> bool:
        """Whether a tool is between press and release."""
        return self._pressed is not None

    def pointed(self, position: QPointF | None) -> None:
        """Called when the pointer is at another place, or has left."""

    def paint_over(self, painter: QPainter) -> None:
        """Paint decorations and the tool's overlay; ``painter`` is in device pixels."""
        painters = [decoration.paint for decoration in self._decorations]
        if self.acting and self._tool is not None:
            painters.append(self._tool.paint)
        for paint in painters:
            painter.save()
            paint(painter, self)  # type: ignore[arg-type]  # the only subclass is CanvasView
            painter.restore()

    def _tell(self, heard: Callable[[Pointer], None], p: Pointer) -> bool:
        """Call a tool; what it says the user should know goes to `tool_failed`."""
        try:
            heard(p)
        except UserError as error:
            self.tool_failed.emit(error)
            return False
        return True

    def _press(self, p: Pointer, *, twice: bool = False) -> None:
        tool = self._tool
        if tool is not None and self._tell(tool.double_click if twice else tool.press, p):
            self._pressed = tool

    def _release(self, p: Pointer) -> None:
        tool, self._pressed = self._pressed, None
        if tool is not None:
            self._tell(tool.release, p)

    def _pointer(self, event: QMouseEvent | QTabletEvent) -> Pointer:
        from studio.qt.tools.base import Pointer

        position = event.position()
        point = self.to_image(position)
        pen = isinstance(event, QTabletEvent)
        eraser = event.pointerType() == QPointingDevice.PointerType.Eraser
        return Pointer(
            point.x(),
            point.y(),
            event.pressure() if isinstance(event, QTabletEvent) else 1.0,
            event.buttons(),
            event.modifiers(),
            event.timestamp() / 1000,
            self.to_device(position),
            pen,
            eraser,
        )

    # Events

    @override
    def tabletEvent(self, event: QTabletEvent) -> None:
        kind = event.type()
        event.ignore()
        if kind == QEvent.Type.TabletPress and event.button() == LEFT and self._may_press():
            self._press(self._pointer(event))
            event.accept()
        elif kind == QEvent.Type.TabletRelease and self._pressed is not None:
            if event.button() == LEFT:
                self._release(self._pointer(event))
            event.accept()
        elif kind == QEvent.Type.TabletMove and self._pressed is not None:
            self._tell(self._pressed.move, self._pointer(event))
            event.accept()
        if event.isAccepted():
            self.pointed(event.position())

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == LEFT and self._may_press():
            self._press(self._pointer(event))
            event.accept()
        else:
            super().mousePressEvent(event)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == LEFT and self._may_press():
            self._press(self._pointer(event), twice=True)
            event.accept()
        else:
            super().mouseDoubleClickEvent(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is not None and not self.panning:
            self._tell(self._pressed.move, self._pointer(event))
        elif self.acting and self._tool is not None and not self.panning:
            self._tell(self._tool.hover, self._pointer(event))
        else:
            super().mouseMoveEvent(event)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == LEFT and self._pressed is not None:
            self._release(self._pointer(event))
        else:
            super().mouseReleaseEvent(event)

    def _may_press(self) -> bool:
        return self.acting and not self.panning and self._pressed is None

    @override
    def event(self, event: QEvent) -> bool:
        # Asked before shortcuts are: a tool that is busy or typing has its keys to itself.
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self.acting
            and self._tool is not None
            and self._tool.wants(event)
        ):
            event.accept()
            return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not (self.acting and self._tool is not None and self._tool_takes(self._tool, event)):
            super().keyPressEvent(event)

    def _tool_takes(self, tool: Tool, event: QKeyEvent) -> bool:
        try:
            if tool.key_press(event):
                return True
            if not tool.busy:
                return False
            if event.key() == Qt.Key.Key_Escape:
                self._pressed = None
                tool.cancel()
            elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                tool.commit()
            else:
                return False
        except UserError as error:
            self.tool_failed.emit(error)
        return True

    @override
    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        tool = self._tool
        if not (self.acting and tool is not None and tool.key_release(event)):
            super().keyReleaseEvent(event)

    @override
    def enterEvent(self, event: QEnterEvent) -> None:
        """Keys go where the pointer is: digits, Delete and arrows act on the picture."""
        super().enterEvent(event)
        if self.isActiveWindow() and not isinstance(QApplication.focusWidget(), FIELDS):
            self.setFocus(Qt.FocusReason.MouseFocusReason)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.refresh_cursor()

    @override
    def refresh_cursor(self) -> None:
        shape = None
        if self.acting and self._tool is not None and not self.panning:
            shape = self._tool.cursor()
        if shape is None:
            super().refresh_cursor()
        else:
            self.setCursor(shape)
