"""The dockable panels of a window: their first layout, the saved one, and none at all."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QObject, Qt, QTimer
from PySide6.QtWidgets import QMainWindow, QMenu, QTabWidget

from studio.qt.area import Panel
from studio.qt.panels.dock import Dock
from studio.qt.theme import Theme

VERSION = 2
WIDTHS = {"left": 308, "right": 288}
HEIGHTS = (330, 420)
"""Shares of the right side's places, from the top; the last one is for the layers."""
AREAS = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
}


class Docks(QObject):
    """Makes a dock of each panel and knows where they belong."""

    def __init__(self, window: QMainWindow, panels: Sequence[Panel], theme: Theme) -> None:
        super().__init__(window)
        self._window, self._panels = window, tuple(panels)
        self._put_away: tuple[Dock, ...] = ()
        window.setDockNestingEnabled(True)
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        for corner, area in (
            (Qt.Corner.TopLeftCorner, "left"),
            (Qt.Corner.BottomLeftCorner, "left"),
            (Qt.Corner.TopRightCorner, "right"),
            (Qt.Corner.BottomRightCorner, "right"),
        ):
            window.setCorner(corner, AREAS[area])
        self.by_id = {
            panel.id: Dock(panel.title, f"{panel.id}-dock", panel.widget, theme) for panel in panels
        }
        self._tidying = QTimer(self)
        self._tidying.setSingleShot(True)
        self._tidying.timeout.connect(self._tidy)
        for dock in self.by_id.values():
            for changed in (dock.visibilityChanged, dock.topLevelChanged, dock.dockLocationChanged):
                changed.connect(self._tidying.start)
        self.reset()

    def _tidy(self) -> None:
        """Panels that share a place have their names on tabs, and need no title bar."""
        for dock in self.by_id.values():
            others = self._window.tabifiedDockWidgets(dock)
            shared = any(not other.isHidden() for other in others)
            dock.set_compact(shared and not dock.isFloating())

    def reset(self) -> None:
        """Put every panel where it was at first."""
        self._put_away = ()
        for dock in self.by_id.values():
            dock.setFloating(False)
            self._window.removeDockWidget(dock)
        for panel in self._panels:
            dock = self.by_id[panel.id]
            self._window.addDockWidget(AREAS[panel.side], dock)
            if panel.tab_with is not None and panel.tab_with in self.by_id:
                self._window.tabifyDockWidget(self.by_id[panel.tab_with], dock)
            dock.setVisible(panel.shown)
        for panel in self._panels:
            if panel.tab_with is not None and panel.tab_with in self.by_id:
                self.by_id[panel.tab_with].raise_()
        for side, width in WIDTHS.items():
            docks = [self.by_id[panel.id] for panel in self._panels if panel.side == side]
            self._window.resizeDocks(docks, [width] * len(docks), Qt.Orientation.Horizontal)
        heads = [p for p in self._panels if p.side == "right" and p.tab_with is None]
        places = [self.by_id[panel.id] for panel in heads][: len(HEIGHTS)]
        self._window.resizeDocks(places, HEIGHTS[: len(places)], Qt.Orientation.Vertical)

    def fill_menu(self, menu: QMenu) -> None:
        """Add a switch for each panel."""
        for dock in self.by_id.values():
            menu.addAction(dock.toggleViewAction())

    @property
    def put_away(self) -> bool:
        """Whether all panels are hidden for now."""
        return bool(self._put_away)

    def put_all_away(self, away: bool) -> None:
        """Hide all panels, or bring back those that were there."""
        if away and not self._put_away:
            shown = [dock for dock in self.by_id.values() if not dock.isHidden()]
            self._put_away = tuple(shown)
            for dock in shown:
                dock.hide()
        elif not away:
            # Tabs of one place: the one in front was hidden last of all if it comes back last.
            for dock in self._put_away:
                dock.show()
            self._put_away = ()

    def save(self) -> str:
        """The layout as text, as if no panel were put away."""
        self.put_all_away(away=False)
        return base64.b64encode(self._window.saveState(VERSION).data()).decode()

    def restore(self, text: str) -> None:
        """Bring back a saved layout; panels it does not know stay where they belong at first."""
        data = base64.b64decode(text) if text else b""
        if not data or not self._window.restoreState(QByteArray(data), VERSION):
            return
        for panel in self._panels:
            dock = self.by_id[panel.id]
            # Qt writes object names as UTF-16 and takes docks it does not find out of the layout.
            if dock.objectName().encode("utf-16-be") in data:
                continue
            self._window.addDockWidget(AREAS[panel.side], dock)
            if panel.tab_with is not None and panel.tab_with in self.by_id:
                self._window.tabifyDockWidget(self.by_id[panel.tab_with], dock)
            dock.setVisible(panel.shown)
