"""What a tool is: it is told what the pointer does on the canvas, in picture coordinates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QCursor, QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from studio.document import Document
from studio.qt.canvas import CanvasView
from studio.qt.selecting.state import SelectionView
from studio.qt.session import Session
from studio.qt.tools.colors import Colors
from studio.qt.workspace import Workspace

GROUPS = ("select", "paint", "retouch", "transform", "view")
"""Groups of tools in the order of the toolbox."""

ENDING_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)


@dataclass(frozen=True)
class Pointer:
    """Where the mouse or the pen is and what it does.

    Attributes:
        x: canvas column; pixel i covers [i, i + 1).
        y: canvas row.
        pressure: 0 to 1; a mouse always presses with 1.
        buttons: held buttons.
        modifiers: held modifier keys.
        time: seconds, from any start.
        view: the same place in device pixels of the view.
        pen: whether it is a pen, whose pressure means something.
        eraser: whether the pen is turned round.
    """

    x: float
    y: float
    pressure: float
    buttons: Qt.MouseButton
    modifiers: Qt.KeyboardModifier
    time: float
    view: QPointF
    pen: bool = False
    eraser: bool = False

    def holds(self, key: Qt.KeyboardModifier) -> bool:
        """Whether a modifier key is held."""
        return bool(self.modifiers & key)


@dataclass(frozen=True)
class ToolDesk:
    """What every tool is given.

    Attributes:
        workspace: services, theme, messages, session.
        canvas: where it acts.
        colors: foreground and background.
        selecting: how the selection is shown; ``selecting.target(picture)`` is what brushes paint
            on, which is the selection itself in quick mask.
    """

    workspace: Workspace
    canvas: CanvasView
    colors: Colors
    selecting: SelectionView = field(default_factory=SelectionView)

    @property
    def session(self) -> Session:
        """What is open; ``session.document`` is the current document."""
        return self.workspace.session

    @property
    def document(self) -> Document | None:
        """The current document."""
        return self.workspace.session.document


class Tool(QObject):
    """One way to act on the picture with the pointer.

    The canvas calls `press`, `move` and `release` for the left button or the tip of the pen and
    `hover` while nothing is held; with space or the middle button held it pans and the tool hears
    nothing. A `UserError` raised by any of these is shown to the user; after one from `press` there
    is no `move` or `release`. While a result floats over the picture only tools of the group
    ``view`` act, and those that work on the result.

    Attributes:
        id: names it in commands and settings.
        title: for people, marked with N_ for translation.
        icon: name of its icon.
        shortcut: key sequence in Qt's portable text; empty for none.
        hint: one sentence for the status bar on how it is used, marked with N_.
        group: one of `GROUPS`.
        over_results: whether it acts while a result or a preview lies over the picture.

    Signals:
        repaint: its overlay looks different now.
    """

    id: ClassVar[str] = ""
    title: ClassVar[str] = ""
    icon: ClassVar[str] = ""
    shortcut: ClassVar[str] = ""
    hint: ClassVar[str] = ""
    group: ClassVar[str] = "view"
    over_results: ClassVar[bool] = False

    repaint = Signal()

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk.canvas)
        self.desk = desk

    @property
    def busy(self) -> bool:
        """Whether something is pending that Enter commits and Esc cancels."""
        return False

    def activate(self) -> None:
        """It was chosen, or another document is shown."""

    def deactivate(self) -> None:
        """Finish or cancel what is pending: another tool was chosen, or another document shown.

        The session's current document may be another one already.
        """

    def press(self, p: Pointer) -> None:
        """The left button or the pen went down."""

    def move(self, p: Pointer) -> None:
        """It moved while down."""

    def release(self, p: Pointer) -> None:
        """It went up."""

    def hover(self, p: Pointer) -> None:
        """It moved with nothing held."""

    def double_click(self, p: Pointer) -> None:
        """The second press of a double click; `release` follows."""
        self.press(p)

    def wants(self, event: QKeyEvent) -> bool:
        """Whether a key that may be the window's shortcut is the tool's own just now.

        By default Enter and Esc while it is busy. A tool that takes typed text wants all of it.
        """
        return self.busy and event.key() in ENDING_KEYS

    def key_press(self, event: QKeyEvent) -> bool:  # noqa: ARG002 - for subclasses
        """A key went down on the canvas; returns whether the tool used it.

        Enter and Esc of a busy tool arrive as `commit` and `cancel`, unless it takes them here.
        """
        return False

    def key_release(self, event: QKeyEvent) -> bool:  # noqa: ARG002 - for subclasses
        """A key went up; returns whether the tool used it."""
        return False

    def commit(self) -> None:
        """Enter: keep what is pending."""

    def cancel(self) -> None:
        """Esc: give up what is pending."""

    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        """Draw over the picture, in device pixels; ``canvas.image_to_view`` says where."""

    def cursor(self) -> QCursor | None:
        """The pointer's shape; None for the arrow."""
        return None

    def options(self) -> QWidget | None:
        """A new row of controls for the bar above the canvas; None if there is nothing to set."""
        return None
