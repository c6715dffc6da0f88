"""Small colour fields: the two that are painted with, and rows of colours to choose from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QMenu, QSizePolicy, QWidget
from typing_extensions import override

from studio.qt.i18n import tr
from studio.qt.theme import Theme
from studio.qt.tools.colors import RGB, Colors
from studio.qt.widgets import clear_layout, icon_button

SIDE = 18
COLUMNS = 10


def hex_text(color: RGB) -> str:
    """The colour as #rrggbb."""
    return "#{:02x}{:02x}{:02x}".format(*color)


class Swatch(QAbstractButton):
    """A field of one colour that can be clicked.

    Args:
        theme: for the border.
        name: what the colour is for; empty for a colour among others.
        side: pixels.
    """

    removed = Signal()

    def __init__(self, theme: Theme, name: str = "", side: int = SIDE) -> None:
        super().__init__()
        self._theme, self._name = theme, name
        self._color: RGB = (0, 0, 0)
        self.removable = False
        self.setFixedSize(side, side)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._describe()

    @property
    def color(self) -> RGB:
        """What it shows."""
        return self._color

    @color.setter
    def color(self, color: RGB) -> None:
        self._color = color
        self._describe()
        self.update()

    def _describe(self) -> None:
        text = hex_text(self._color)
        self.setAccessibleName(f"{self._name} {text}".strip())
        self.setToolTip(f"{self._name}: {text}" if self._name else text)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = self.isCheckable() and self.isChecked()
        strong = chosen or self.hasFocus()
        edge = self._theme.color("accent" if strong else "border")
        painter.setPen(QPen(edge, 2 if strong else 1))
        painter.setBrush(QColor(*self._color))
        inset = 1.0 if strong else 0.5
        painter.drawRoundedRect(self.rect().toRectF().adjusted(inset, inset, -inset, -inset), 3, 3)
        painter.end()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.removable and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.removable and event.button() == Qt.MouseButton.RightButton:
            self._offer(event.globalPosition().toPoint())
        else:
            super().mousePressEvent(event)

    def _offer(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.addAction(tr("Remove swatch")).triggered.connect(self.removed)
        menu.popup(at)


class ColorPair(QWidget):
    """Foreground over background, and the way to exchange and reset them.

    Signals:
        chosen: "foreground" or "background" was clicked.
    """

    chosen = Signal(str)

    def __init__(self, colors: Colors, theme: Theme) -> None:
        super().__init__()
        self._colors = colors
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(QSize(36, 62))
        self.background = Swatch(theme, tr("Background color"), 22)
        self.foreground = Swatch(theme, tr("Foreground color"), 22)
        for swatch, name, at in (
            (self.background, "background", QPoint(12, 12)),
            (self.foreground, "foreground", QPoint(2, 2)),
        ):
            swatch.setParent(self)
            swatch.move(at)
            swatch.clicked.connect(lambda _=False, name=name: self.chosen.emit(name))
        self.swap = icon_button(theme, "swap", tr("Exchange the colors (X)"), "muted")
        self.reset = icon_button(theme, "default-colors", tr("Black and white (D)"), "muted")
        for button, x, act in ((self.swap, 0, colors.swap), (self.reset, 18, colors.reset)):
            button.setParent(self)
            button.setIconSize(QSize(14, 14))
            button.setStyleSheet("padding: 0px;")
            button.setGeometry(QRect(x, 40, 18, 18))
            button.clicked.connect(act)
        QWidget.setTabOrder(self.foreground, self.background)
        colors.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        self.foreground.color = self._colors.foreground
        self.background.color = self._colors.background


class SwatchGrid(QWidget):
    """Rows of colours to choose from."""

    chosen = Signal(tuple)

    def __init__(
        self, theme: Theme, name: str, remove: Callable[[RGB], None] | None = None
    ) -> None:
        super().__init__()
        self._theme, self._remove = theme, remove
        self.setAccessibleName(name)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(4)
        self._grid.setColumnStretch(COLUMNS, 1)

    def show_colors(self, colors: Sequence[RGB]) -> None:
        """Show these."""
        clear_layout(self._grid)
        for index, color in enumerate(colors):
            swatch = Swatch(self._theme)
            swatch.color = color
            swatch.clicked.connect(lambda _=False, color=color: self.chosen.emit(color))
            if self._remove is not None:
                swatch.removable = True
                swatch.removed.connect(lambda color=color: self._drop(color))
            self._grid.addWidget(swatch, index // COLUMNS, index % COLUMNS)

    def _drop(self, color: RGB) -> None:
        if self._remove is not None:
            self._remove(color)
