"""The part of the window that shows and applies live operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtWidgets import QWidget

from studio.qt.area import Area, Desk
from studio.qt.live import Live
from studio.qt.panels.live_pane import LivePane

if TYPE_CHECKING:
    from studio.qt.main_window import MainWindow

VIEWING = ("hand", "zoom", "hints")
"""Tools that work on a preview as well."""


class LiveArea(Area):
    """Brings the live preview to the window's tool panel and canvas."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        window = cast("MainWindow", desk.window)
        self.pane = LivePane(desk.workspace.theme)
        # What is pending in a tool comes first.
        self.pane.keep.connect(desk.toolbox.finish)
        window.tools.apply.connect(lambda *_: desk.toolbox.finish())
        self.live = Live(
            desk.workspace, desk.canvas, window.bridge, window.tools, desk.runs, self.pane
        )
        self._tool = desk.toolbox.current.id
        desk.toolbox.changed.connect(self._on_tool)
        window.tools.changed.connect(self._on_form)

    def _on_tool(self) -> None:
        """Who takes up a brush is done with the form: over a preview it would not paint.

        Beside one it would: then the form stays.
        """
        tool = self.desk.toolbox.current.id
        if tool != self._tool:
            self._tool = tool
            if tool not in VIEWING and not self.live.beside:
                self.live.leave()

    def _on_form(self) -> None:
        """What is pending in a tool is part of what a preview is made of."""
        if self.live.page is not None:
            self.desk.toolbox.finish()

    def beside(self) -> tuple[QWidget, ...]:
        """The result of what follows drawing."""
        return (self.pane,)

    def close(self) -> None:
        """Stop previewing."""
        self.live.close()
