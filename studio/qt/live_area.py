"""The part of the window that shows and applies live operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from studio.qt.area import Area, Desk
from studio.qt.live import Live

if TYPE_CHECKING:
    from studio.qt.main_window import MainWindow

VIEWING = ("hand", "zoom")
"""Tools that work on a preview as well."""


class LiveArea(Area):
    """Brings the live preview to the window's tool panel and canvas."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        window = cast("MainWindow", desk.window)
        self.live = Live(desk.workspace, desk.canvas, window.bridge, window.tools, desk.runs)
        self._tool = desk.toolbox.current.id
        desk.toolbox.changed.connect(self._on_tool)
        window.tools.changed.connect(self._on_form)

    def _on_tool(self) -> None:
        """Who takes up a brush is done with the form: over a preview it would not paint."""
        tool = self.desk.toolbox.current.id
        if tool != self._tool:
            self._tool = tool
            if tool not in VIEWING:
                self.live.leave()

    def _on_form(self) -> None:
        """What is pending in a tool is part of what a preview is made of."""
        if self.live.page is not None:
            self.desk.toolbox.finish()

    def close(self) -> None:
        """Stop previewing."""
        self.live.close()
