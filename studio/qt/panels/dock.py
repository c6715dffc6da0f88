"""Docks with a title bar that matches the rest of the window."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QVBoxLayout, QWidget

from studio.qt.i18n import tr
from studio.qt.theme import Theme
from studio.qt.widgets import icon_button, label

QWIDGETSIZE_MAX = 16_777_215
"""Qt's own, which it does not export."""


class Dock(QDockWidget):
    """A panel at a side of the window."""

    def __init__(self, title: str, name: str, content: QWidget, theme: Theme) -> None:
        super().__init__(title)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetClosable
            | QDockWidget.DockWidgetFeature.DockWidgetMovable
            | QDockWidget.DockWidgetFeature.DockWidgetFloatable
        )
        self.bar = bar = QWidget()
        bar.setObjectName("dock-title")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 4, 6, 4)
        row.addWidget(label(title), 1)
        close = icon_button(theme, "close", tr("Hide {panel}", panel=title), "muted")
        close.clicked.connect(self.close)
        row.addWidget(close)
        self.setTitleBarWidget(bar)
        body = QWidget()
        body.setObjectName("dock-body")
        body.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(content)
        self.setWidget(body)

    def set_compact(self, compact: bool) -> None:
        """Do without the title bar, as in a place that several panels share: their tabs name them."""
        height = 0 if compact else QWIDGETSIZE_MAX
        if self.bar.maximumHeight() != height:
            self.bar.setMaximumHeight(height)
            self.bar.setVisible(not compact)
