"""Docks with a title bar that matches the rest of the window."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from studio.qt.i18n import tr
from studio.qt.theme import Theme
from studio.qt.widgets import icon_button, label


class TitleBar(QWidget):
    """The title bar of a dock, which can take no room at all.

    Qt leaves room for the size hint of a title bar even while the bar is hidden.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("dock-title")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    @override
    def sizeHint(self) -> QSize:
        return QSize(0, 0) if self.isHidden() else super().sizeHint()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0) if self.isHidden() else super().minimumSizeHint()


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
        self.bar = bar = TitleBar()
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
        if self.bar.isHidden() != compact:
            self.bar.setHidden(compact)
            self.bar.updateGeometry()
            layout = self.layout()
            if layout is not None:
                layout.invalidate()
