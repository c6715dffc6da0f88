"""The layer tree as Qt's views see it: top to bottom, three columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from typing_extensions import override

from studio.document import Group, Node, Picture
from studio.qt.i18n import tr
from studio.qt.layers.thumbnails import LayerThumbnails
from studio.qt.layers.words import details, spoken

MIME = "application/x-impasto-layers"
Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()


class Column(IntEnum):
    """What stands beside each other in a row."""

    EYE = 0
    NAME = 1
    LOCK = 2


FIRST = Column.EYE
"""Qt's views take children to hang on the first column, wherever the tree is drawn."""


class Role(IntEnum):
    """What the delegate asks for."""

    NODE = int(Qt.ItemDataRole.UserRole)
    DETAILS = NODE + 1
    SHOWN = NODE + 2
    LOCKED = NODE + 3
    PIXELS = NODE + 4
    MASK = NODE + 5
    ACTIVE = NODE + 6
    ON_MASK = NODE + 7


class LayerModel(QAbstractItemModel):
    """Shows one picture after another; what the user changes is asked for by signals.

    Signals:
        rename: node id, new name.
        show_node: node id, whether it is to be visible.
        lock_node: node id, whether it is to be locked.
        move: ids of nodes, id of the group (or None), row among its children before which they go.
    """

    rename = Signal(str, str)
    show_node = Signal(str, bool)
    lock_node = Signal(str, bool)
    move = Signal(object, object, int)

    def __init__(self, thumbnails: LayerThumbnails, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._picture: Picture | None = None
        self._nodes: dict[str, Node] = {}
        self._shape: list[tuple[str, int]] = []
        self._children: dict[str, list[str]] = {"": []}
        self._place: dict[str, tuple[str, int]] = {}
        # Numbers stand for nodes in indices: Qt would not keep Python objects alive.
        self._numbers: dict[str, int] = {}
        self._ids: dict[int, str] = {}
        thumbnails.ready.connect(self._renewed)

    @property
    def picture(self) -> Picture | None:
        """What is shown."""
        return self._picture

    def show_picture(self, picture: Picture | None) -> bool:
        """Show a picture; returns whether its tree is another one, which resets the model."""
        shape = [(node.id, depth) for node, depth in picture.walk()] if picture is not None else []
        if shape == self._shape:
            self._update(picture)
            return False
        self.beginResetModel()
        self._shape = shape
        self._set(picture)
        self._children, self._place = {"": []}, {}
        if picture is not None:
            self._collect("", picture.nodes)
        self.endResetModel()
        return True

    def _set(self, picture: Picture | None) -> None:
        self._picture = picture
        self._nodes = {} if picture is None else {node.id: node for node, _ in picture.walk()}

    def _collect(self, parent: str, nodes: Sequence[Node]) -> None:
        self._children[parent] = [node.id for node in reversed(nodes)]
        for row, node in enumerate(reversed(nodes)):
            self._place[node.id] = (parent, row)
            if node.id not in self._numbers:
                number = len(self._numbers) + 1
                self._numbers[node.id], self._ids[number] = number, node.id
            if isinstance(node, Group):
                self._collect(node.id, node.children)

    def _update(self, picture: Picture | None) -> None:
        before, old = self._picture, self._nodes
        self._set(picture)
        if before is None or picture is None:
            return
        # What a group or the choice of another layer changes shows in several rows.
        everywhere = (before.active, before.mask_active) != (picture.active, picture.mask_active)
        everywhere = everywhere or any(
            (old[node_id].visible, old[node_id].locked) != (node.visible, node.locked)
            for node_id, node in self._nodes.items()
        )
        for node_id, node in self._nodes.items():
            if everywhere or old[node_id] is not node:
                self._told(node_id)

    def _told(self, node_id: str) -> None:
        if node_id in self._place:
            first = self.index_of(node_id, Column.EYE)
            self.dataChanged.emit(first, self.index_of(node_id, Column.LOCK))

    def _renewed(self, node_ids: list[str]) -> None:
        for node_id in node_ids:
            self._told(node_id)

    def index_of(self, node_id: str, column: Column = Column.NAME) -> QModelIndex:
        """Where a node is; invalid if there is none."""
        place = self._place.get(node_id)
        if place is None:
            return QModelIndex()
        return self.createIndex(place[1], column, self._numbers[node_id])

    def id_at(self, index: Index) -> str:
        """The id of the node at an index; empty for none."""
        return self._ids.get(index.internalId(), "") if index.isValid() else ""

    def node_at(self, index: Index) -> Node | None:
        """The node at an index."""
        return self._nodes.get(self.id_at(index))

    # What Qt asks

    @override
    def columnCount(self, parent: Index = ROOT) -> int:
        return len(Column)

    @override
    def rowCount(self, parent: Index = ROOT) -> int:
        if parent.isValid() and parent.column() != FIRST:
            return 0
        return len(self._children.get(self.id_at(parent), ()))

    @override
    def index(self, row: int, column: int, parent: Index = ROOT) -> QModelIndex:
        children = self._children.get(self.id_at(parent), [])
        if not (0 <= row < len(children) and 0 <= column < len(Column)):
            return QModelIndex()
        return self.createIndex(row, column, self._numbers[children[row]])

    @override
    def parent(self, index: Index = ROOT) -> QModelIndex:  # type: ignore[override]  # Qt has two of this name
        parent = self._place.get(self.id_at(index), ("", 0))[0]
        return self.index_of(parent, FIRST) if parent else QModelIndex()

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node, picture = self.node_at(index), self._picture
        if node is None or picture is None:
            return None
        if index.column() == Column.NAME:
            return self._named(picture, node, role)
        eye = index.column() == Column.EYE
        checked = node.visible if eye else node.locked
        if role == Qt.ItemDataRole.CheckStateRole:
            return Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.ToolTipRole:
            if eye:
                return tr("Show or hide (Alt-click: show only this)")
            return tr("Lock or unlock its pixels")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            what = tr("Visible") if eye else tr("Locked")
            return f"{node.name}: {what}"
        return self._own(picture, node, role)

    def _named(self, picture: Picture, node: Node, role: int) -> Any:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return node.name
        if role == Qt.ItemDataRole.ToolTipRole:
            text = details(node)
            return f"{node.name}\n{text}" if text else node.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken(picture, node)
        return self._own(picture, node, role)

    def _own(self, picture: Picture, node: Node, role: int) -> Any:
        active = picture.active_node.id == node.id
        if role == Role.NODE:
            return node
        if role == Role.DETAILS:
            return details(node)
        if role == Role.SHOWN:
            return picture.is_visible(node.id)
        if role == Role.LOCKED:
            return picture.is_locked(node.id)
        if role == Role.PIXELS:
            return self._thumbnails.pixels(node.id)
        if role == Role.MASK:
            return self._thumbnails.mask(node.id) if node.mask is not None else None
        if role == Role.ACTIVE:
            return active
        if role == Role.ON_MASK:
            return active and picture.mask_active
        return None

    @override
    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        node = self.node_at(index)
        if node is None:
            return False
        if role == Qt.ItemDataRole.EditRole and index.column() == Column.NAME:
            name = " ".join(str(value).split())
            if not name or name == node.name:
                return False
            self.rename.emit(node.id, name)
            return True
        if role == Qt.ItemDataRole.CheckStateRole and index.column() != Column.NAME:
            wanted = Qt.CheckState(value) == Qt.CheckState.Checked
            signal = self.show_node if index.column() == Column.EYE else self.lock_node
            signal.emit(node.id, wanted)
            return True
        return False

    @override
    def flags(self, index: Index) -> Qt.ItemFlag:
        flag = Qt.ItemFlag
        node = self.node_at(index)
        if node is None:
            return flag.ItemIsDropEnabled
        flags = flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsDragEnabled
        if isinstance(node, Group):
            flags |= flag.ItemIsDropEnabled
        if index.column() == Column.NAME:
            return flags | flag.ItemIsEditable
        return flags | flag.ItemIsUserCheckable

    # Dragging

    @override
    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    @override
    def mimeTypes(self) -> list[str]:
        return [MIME]

    @override
    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        ids = list(dict.fromkeys(self.id_at(index) for index in indexes))
        data = QMimeData()
        data.setData(MIME, json.dumps(ids).encode())
        return data

    @override
    def canDropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        return self._dropped(data, parent) != ()

    @override
    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        ids = self._dropped(data, parent)
        if not ids or action == Qt.DropAction.IgnoreAction:
            return False
        # Dropped on a group it goes to the group's top, beside all rows to the bottom of the tree.
        row = row if row >= 0 else 0 if parent.isValid() else self.rowCount()
        self.move.emit(ids, self.id_at(parent) or None, row)
        return True

    def _dropped(self, data: QMimeData, parent: Index) -> tuple[str, ...]:
        """Ids of what is dragged, if it may go into ``parent``."""
        if not data.hasFormat(MIME) or self._picture is None:
            return ()
        ids = tuple(json.loads(bytes(data.data(MIME).data())))
        target = self.id_at(parent)
        around = {node.id for node in self._picture.path(target)} if target else set()
        known = all(node_id in self._nodes for node_id in ids)
        return ids if known and not around.intersection(ids) else ()
