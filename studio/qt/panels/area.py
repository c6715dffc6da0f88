"""The parts of the window that tell of the picture: navigator and histogram, and the history."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from studio.qt.actions import Command
from studio.qt.area import Area, Desk, Panel
from studio.qt.i18n import N_, tr
from studio.qt.panels.histogram import HistogramPanel
from studio.qt.panels.history import HistoryPanel
from studio.qt.panels.navigator import NavigatorPanel


class OverviewArea(Area):
    """Brings the navigator and the histogram."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        session, theme = desk.workspace.session, desk.workspace.theme
        self.navigator = NavigatorPanel(session, desk.canvas, theme)
        self.histogram = HistogramPanel(session, desk.canvas, theme, desk.workspace.background)

    def panels(self) -> tuple[Panel, ...]:
        """Both share a place."""
        return (
            Panel("navigator", tr("Navigator"), self.navigator),
            Panel("histogram", tr("Histogram"), self.histogram, tab_with="navigator"),
        )


class HistoryArea(Area):
    """Brings the history with its snapshots."""

    commands: ClassVar[tuple[Command, ...]] = (
        Command("snapshot", N_("Take a s&napshot"), "Edit", "snapshot", ("Ctrl+Alt+S",),
                N_("Keep the present state under a name, to come back to"),
                frozenset({"document"}), section=1),
    )  # fmt: skip

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        workspace = desk.workspace
        self.panel = HistoryPanel(workspace.session, workspace.theme, workspace.background)

    def handlers(self) -> dict[str, Callable[..., object]]:
        """What the command does."""
        return {"snapshot": self.panel.snapshots.take}

    def panels(self) -> tuple[Panel, ...]:
        """The history, behind the layers."""
        return (Panel("history", tr("History"), self.panel, tab_with="layers"),)

    def close(self) -> None:
        """Let go of the document."""
        self.panel.close_document()
