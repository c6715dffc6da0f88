"""The bar with the tools at the left edge, and the bar with the chosen tool's options."""

from __future__ import annotations

from itertools import groupby

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from studio.qt.i18n import tr
from studio.qt.theme import Theme
from studio.qt.tools.base import ENDING_KEYS, Tool
from studio.qt.tools.swatches import ColorPair
from studio.qt.tools.toolbox import Toolbox
from studio.qt.widgets import label, line, scroll_area

ICON = 18
COLUMNS = 2
BUTTON = 30


class ToolBar(QToolBar):
    """One button for each tool, by group, and the two colours below them."""

    def __init__(self, toolbox: Toolbox, theme: Theme) -> None:
        super().__init__(tr("Toolbox"))
        self.setObjectName("toolbox")
        self.setOrientation(Qt.Orientation.Vertical)
        self.setMovable(False)
        self._toolbox = toolbox
        self._buttons: dict[str, ToolButton] = {}
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        exclusive = QButtonGroup(self)
        for _, tools in groupby(toolbox.types, key=lambda tool: tool.group):
            if self._buttons:
                column.addSpacing(3)
                column.addWidget(line())
                column.addSpacing(3)
            grid = QGridLayout()
            grid.setSpacing(2)
            for place, tool in enumerate(tools):
                made = self._buttons[tool.id] = ToolButton(tool, theme)
                made.clicked.connect(lambda _=False, chosen=tool.id: toolbox.choose(chosen))
                exclusive.addButton(made)
                grid.addWidget(made, place // COLUMNS, place % COLUMNS)
            grid.setColumnStretch(COLUMNS, 1)
            column.addLayout(grid)
        self.pair = ColorPair(toolbox.colors, theme)
        column.addSpacing(5)
        column.addWidget(self.pair, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        content = QWidget()
        content.setLayout(column)
        content.setFixedWidth(COLUMNS * BUTTON + 2)
        self.addWidget(content)
        toolbox.changed.connect(self._show)
        self._show()

    def button(self, tool_id: str) -> QToolButton:
        """The button of a tool."""
        return self._buttons[tool_id]

    def _show(self) -> None:
        self._buttons[self._toolbox.current.id].setChecked(True)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key
        steps = {key.Key_Up: -1, key.Key_Left: -1, key.Key_Down: 1, key.Key_Right: 1}
        buttons = list(self._buttons.values())
        focused = next((i for i, b in enumerate(buttons) if b.hasFocus()), None)
        if focused is not None and event.key() in steps:
            following = buttons[(focused + steps[Qt.Key(event.key())]) % len(buttons)]
            following.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            super().keyPressEvent(event)


class ToolButton(QToolButton):
    """Chooses a tool."""

    def __init__(self, tool: type[Tool], theme: Theme) -> None:
        super().__init__()
        title = tr(tool.title)
        self.setCheckable(True)
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(title)
        self.setAccessibleDescription(tr(tool.hint))
        keys = QKeySequence(tool.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
        self.setToolTip(f"{title} ({keys})" if keys else title)
        self.setFixedSize(BUTTON, BUTTON)
        theme.bind(self, tool.icon, "text", ICON)


class OptionsBar(QToolBar):
    """Name and options of the chosen tool; scrolls sideways where the window is narrow."""

    def __init__(self, toolbox: Toolbox, theme: Theme) -> None:
        super().__init__(tr("Tool options"))
        self.setObjectName("tool-options")
        self.setMovable(False)
        self._toolbox, self._theme = toolbox, theme
        self._rows: dict[str, QScrollArea | None] = {}
        holder = QWidget()
        self._row = QHBoxLayout(holder)
        self._row.setContentsMargins(4, 0, 4, 0)
        self._row.setSpacing(8)
        self._icon = QLabel()
        self._title = label("", "heading")
        self._row.addWidget(self._icon)
        self._row.addWidget(self._title)
        self._row.addSpacing(8)
        self._row.addStretch(1)
        holder.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setFixedHeight(48)
        self.addWidget(holder)
        toolbox.changed.connect(self._show)
        self._show()

    @property
    def row(self) -> QWidget | None:
        """The controls that are shown."""
        area = self._rows.get(self._toolbox.current.id)
        return None if area is None else area.widget()

    def _show(self) -> None:
        tool = self._toolbox.current
        self._theme.bind(self._icon, tool.icon, "muted", ICON)
        self._title.setText(tr(tool.title))
        if tool.id not in self._rows:
            self._rows[tool.id] = self._made(tool)
        for tool_id, area in self._rows.items():
            if area is not None:
                area.setVisible(tool_id == tool.id)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Esc in a field, which has taken its value by then, lead back to the canvas."""
        if event.key() in ENDING_KEYS:
            self._toolbox.desk.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            super().keyPressEvent(event)

    def _made(self, tool: Tool) -> QScrollArea | None:
        options = tool.options()
        if options is None:
            return None
        area = scroll_area(options)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        area.setMinimumWidth(40)
        self._row.insertWidget(self._row.count() - 1, area, 1000)
        return area
