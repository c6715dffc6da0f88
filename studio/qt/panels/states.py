"""Lists of states of a picture with thumbnails: the history's steps, and snapshots."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPainter, QPalette, QPen
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget
from typing_extensions import override

from studio.document import Picture
from studio.qt.i18n import tr
from studio.qt.panels.checkerboard import paint_thumbnail
from studio.qt.panels.picture_thumbnails import PictureThumbnails
from studio.qt.theme import Theme

ROW = 38
THUMB = QSize(40, 30)
ICON = 16
Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()


class Role(IntEnum):
    """What the delegate asks for."""

    PIXMAP = int(Qt.ItemDataRole.UserRole)
    ICON = PIXMAP + 1
    UNDONE = PIXMAP + 2


@dataclass(frozen=True)
class State:
    """One row.

    Attributes:
        key: what tells it from other rows.
        title: what it says.
        picture: what its thumbnail shows.
        icon: name of its icon.
        tip: its tool tip.
        undone: whether it lies after the present.
    """

    key: object
    title: str
    picture: Picture = field(compare=False)  # by value every pixel would be compared
    icon: str
    tip: str
    undone: bool = False


def _differ(one: State, other: State) -> bool:
    return one != other or one.picture.nodes is not other.picture.nodes


class StateModel(QAbstractListModel):
    """Changes only the rows that differ, so that the view keeps its place.

    Signals:
        rename: row, new name; only if the rows can be renamed.
    """

    rename = Signal(int, str)

    def __init__(
        self, thumbnails: PictureThumbnails, parent: QObject, *, renames: bool = False
    ) -> None:
        super().__init__(parent)
        self._thumbnails, self._renames = thumbnails, renames
        self.states: list[State] = []
        thumbnails.ready.connect(self._renewed)

    def show_states(self, states: list[State]) -> None:
        """Show other rows."""
        old, common = self.states, 0
        while common < min(len(old), len(states)) and old[common].key == states[common].key:
            common += 1
        if len(old) > common:
            self.beginRemoveRows(ROOT, common, len(old) - 1)
            self.states = old[:common]
            self.endRemoveRows()
        if len(states) > common:
            self.beginInsertRows(ROOT, common, len(states) - 1)
            self.states = [*old[:common], *states[common:]]
            self.endInsertRows()
        differ = [row for row in range(common) if _differ(old[row], states[row])]
        self.states = states
        if differ:
            self.dataChanged.emit(self.index(differ[0]), self.index(differ[-1]))

    def _renewed(self) -> None:
        if self.states:
            self.dataChanged.emit(self.index(0), self.index(len(self.states) - 1))

    @override
    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.states)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not 0 <= index.row() < len(self.states):
            return None
        state = self.states[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return state.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return state.tip
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return tr("{title}, undone", title=state.title) if state.undone else state.title
        if role == Role.PIXMAP:
            return self._thumbnails.get(state.picture)
        if role == Role.ICON:
            return state.icon
        if role == Role.UNDONE:
            return state.undone
        return None

    @override
    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        name = " ".join(str(value).split())
        if role != Qt.ItemDataRole.EditRole or not name:
            return False
        self.rename.emit(index.row(), name)
        return True

    @override
    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if self._renames else flags


class StateDelegate(QStyledItemDelegate):
    """Thumbnail, icon and title."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, ROW)

    @override
    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        option.text = ""
        option.palette.setColor(QPalette.ColorRole.Text, QColor(0, 0, 0, 0))

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        area: QRect = option.rect
        undone = bool(index.data(Role.UNDONE))
        painter.save()
        place = QRect(area.left() + 6, area.top() + (area.height() - THUMB.height()) // 2, 0, 0)
        place.setSize(THUMB)
        pixmap = index.data(Role.PIXMAP)
        if pixmap is not None:
            painter.setOpacity(0.4 if undone else 1.0)
            where = paint_thumbnail(painter, pixmap, place)
            painter.setPen(QPen(self._theme.color("strong_border"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(where.adjusted(-1, -1, 0, 0))
            painter.setOpacity(1.0)
        icon = QRect(place.right() + 9, area.center().y() - ICON // 2 + 1, ICON, ICON)
        self._theme.icon(index.data(Role.ICON), "disabled" if undone else "muted").paint(
            painter, icon
        )
        text = QRect(icon.right() + 8, area.top(), area.right() - icon.right() - 12, area.height())
        painter.setPen(self._theme.color("disabled" if undone else "text"))
        title = painter.fontMetrics().elidedText(
            index.data(), Qt.TextElideMode.ElideRight, text.width()
        )
        painter.drawText(text, int(Qt.AlignmentFlag.AlignVCenter), title)
        painter.restore()

    @override
    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        area: QRect = option.rect
        left = area.left() + THUMB.width() + ICON + 16
        height = editor.sizeHint().height()
        editor.setGeometry(left, area.center().y() - height // 2, area.right() - left - 4, height)


def state_list(model: StateModel, theme: Theme, name: str) -> QListView:
    """A list of states."""
    made = QListView()
    made.setAccessibleName(name)
    made.setModel(model)
    made.setItemDelegate(StateDelegate(theme, made))
    made.setUniformItemSizes(True)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    made.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
    theme.changed.connect(made.viewport().update)
    return made


def explained(title: str, when: float, record: Mapping[str, Any] | None) -> str:
    """What a step's tool tip says: when it was and, of a model's result, how it came about."""
    lines = [title, time.strftime("%H:%M:%S", time.localtime(when))]
    for name, value in (record or {}).items():
        if value in (None, {}, "", []):
            continue
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        lines.append(f"{name}: {text if len(text) <= 200 else text[:200] + '…'}")
    return "\n".join(lines)
