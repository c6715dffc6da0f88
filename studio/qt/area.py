"""Areas: parts of the window that bring their own commands, panels and conditions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMainWindow, QWidget

from studio.qt.actions import Command

if TYPE_CHECKING:
    from studio.qt.canvas import CanvasView
    from studio.qt.files import Files
    from studio.qt.runs import Runs
    from studio.qt.tools.toolbox import Toolbox
    from studio.qt.workspace import Workspace


@dataclass(frozen=True)
class Desk:
    """What an area works with.

    Attributes:
        window: parent of dialogs.
        workspace: services and shared parts; its session holds the document in the front tab.
        canvas: shows that document.
        files: opening and saving.
        runs: operations that run, and their results.
        toolbox: the tools of the canvas.
    """

    window: QMainWindow
    workspace: Workspace
    canvas: CanvasView
    files: Files
    runs: Runs
    toolbox: Toolbox


@dataclass(frozen=True)
class Panel:
    """A dockable panel.

    Attributes:
        id: names it in the saved layout.
        title: on its tab.
        widget: its content.
        side: where it is docked at first.
        tab_with: id of the panel it shares a place with.
        shown: whether it is open at first.
    """

    id: str
    title: str
    widget: QWidget
    side: Literal["left", "right"] = "right"
    tab_with: str | None = None
    shown: bool = True


class Area(QObject):
    """One part of the window; the window builds each once and puts what it brings together.

    Signals:
        facts_changed: what `facts` says may be different now.
    """

    commands: ClassVar[tuple[Command, ...]] = ()
    facts_changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.window)
        self.desk = desk

    def handlers(self) -> dict[str, Callable[..., object]]:
        """What each of the commands does."""
        return {}

    def facts(self) -> dict[str, bool]:
        """Conditions that commands may need, by name, and whether they hold.

        A switch is shown on while the fact named like its command holds, if there is one.
        """
        return {}

    def panels(self) -> tuple[Panel, ...]:
        """Panels to dock."""
        return ()

    def beside(self) -> tuple[QWidget, ...]:
        """What shares the room of the canvas; each shows and hides itself."""
        return ()

    def may_close(self, again: Callable[[], None]) -> bool:  # noqa: ARG002 - for areas that say no
        """Whether the window may close now; if not, ``again`` is called once it may."""
        return True

    def close(self) -> None:
        """Let go of threads and timers, as the window closes."""
