"""The list of layers: a tree with eyes, thumbnails, masks and locks."""

from __future__ import annotations

from PySide6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyleOptionViewItem,
    QTreeView,
)
from typing_extensions import override

from studio.document import Group, Picture
from studio.qt.i18n import tr
from studio.qt.layers.delegate import LayerDelegate, zones
from studio.qt.layers.model import FIRST, Column, Index, LayerModel
from studio.qt.theme import Theme

SIDE_COLUMN = 30
INDENT = 18
CHEVRON = 16


class LayerTree(QTreeView):
    """Rows may be chosen together; the current one is the picture's active layer.

    Signals:
        chosen: a node became the current one; whether by a click on its mask.
        solo: only this node shall be seen, or all again.
        delete: the chosen nodes shall go.
    """

    chosen = Signal(str, bool)
    solo = Signal(str)
    delete = Signal()

    def __init__(self, model: LayerModel, theme: Theme) -> None:
        super().__init__()
        self._layers, self._theme = model, theme
        self._collapsed: set[str] = set()
        self._follows = False
        self._on_mask = self._chooses = False
        self.setModel(model)
        self.setItemDelegate(LayerDelegate(theme, self))
        self._set_up()
        self.collapsed.connect(self._remember_collapsed)
        self.expanded.connect(self._remember_expanded)
        theme.changed.connect(self.viewport().update)

    def _set_up(self) -> None:
        self.setAccessibleName(tr("Layers"))
        self.setHeaderHidden(True)
        self.setTreePosition(Column.NAME)
        self.setIndentation(INDENT)
        self.setUniformRowHeights(True)
        self.setMouseTracking(True)
        self.setExpandsOnDoubleClick(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDropIndicatorShown(True)
        self.setAutoExpandDelay(700)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(SIDE_COLUMN)
        header.setSectionResizeMode(Column.EYE, QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(Column.NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(Column.LOCK, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(Column.EYE, SIDE_COLUMN)
        header.resizeSection(Column.LOCK, SIDE_COLUMN)

    @override
    def sizeHint(self) -> QSize:
        return QSize(264, 280)

    # Following the document

    def show_picture(self, picture: Picture | None) -> None:
        """Show a picture's tree, with its active node as the current row."""
        kept = set(self.chosen_ids())
        scrolled = self.verticalScrollBar().value()
        self._follows = True
        try:
            reset = self._layers.show_picture(picture)
            if picture is None:
                return
            if reset:
                self._expand(picture)
                self.verticalScrollBar().setValue(scrolled)
            self._choose(picture, kept, reset=reset)
        finally:
            self._follows = False

    def _expand(self, picture: Picture) -> None:
        for node, _ in picture.walk():
            if isinstance(node, Group):
                index = self._layers.index_of(node.id, FIRST)
                self.setExpanded(index, node.id not in self._collapsed)

    def _choose(self, picture: Picture, kept: set[str], *, reset: bool) -> None:
        active = picture.active_node.id
        if self._chooses and not reset and active == self._layers.id_at(self.currentIndex()):
            return
        index = self._layers.index_of(active)
        flag = QItemSelectionModel.SelectionFlag
        rows = flag.Rows
        selection = self.selectionModel()
        if active not in kept:
            selection.setCurrentIndex(index, flag.ClearAndSelect | rows)
            self.scrollTo(index)
        elif reset:
            selection.setCurrentIndex(index, flag.ClearAndSelect | rows)
            for node_id in kept:
                selection.select(self._layers.index_of(node_id), flag.Select | rows)
        elif self._layers.id_at(self.currentIndex()) != active:
            selection.setCurrentIndex(index, flag.Select | rows)

    def chosen_ids(self) -> tuple[str, ...]:
        """Ids of the chosen rows, top to bottom."""
        rows = self.selectionModel().selectedRows(Column.NAME)
        found = {self._layers.id_at(index) for index in rows}
        picture = self._layers.picture
        order = [node.id for node, _ in picture.walk()] if picture is not None else []
        return tuple(node_id for node_id in order if node_id in found)

    def rename(self, node_id: str) -> None:
        """Let the user type another name for a node."""
        index = self._layers.index_of(node_id)
        if index.isValid():
            self.scrollTo(index)
            self.setCurrentIndex(index)
            self.edit(index)

    def _remember_collapsed(self, index: QModelIndex) -> None:
        if not self._follows:
            self._collapsed.add(self._layers.id_at(index))

    def _remember_expanded(self, index: QModelIndex) -> None:
        if not self._follows:
            self._collapsed.discard(self._layers.id_at(index))

    @override
    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        if not self._follows and (node_id := self._layers.id_at(current)):
            # The view is about to select by itself, as the keys that are held ask for.
            self._chooses = True
            try:
                self.chosen.emit(node_id, self._on_mask)
            finally:
                self._chooses = False

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scrollTo(self.currentIndex())

    # Mouse and keys

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        position = event.position().toPoint()
        index = self.indexAt(position)
        left = event.button() == Qt.MouseButton.LeftButton
        if left and index.isValid() and index.column() != Column.NAME:
            self._click_side(index, event.modifiers())
            event.accept()
            return
        part = self._part_at(position) if left else ""
        self._on_mask = part == "mask"
        super().mousePressEvent(event)
        self._on_mask = False
        if part and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            # The row may have been the current one already.
            self.chosen.emit(self._layers.id_at(index), part == "mask")

    def _click_side(self, index: QModelIndex, modifiers: Qt.KeyboardModifier) -> None:
        if index.column() == Column.EYE and modifiers & Qt.KeyboardModifier.AltModifier:
            self.solo.emit(self._layers.id_at(index))
        else:
            self._toggle(index)

    def _toggle(self, index: QModelIndex) -> None:
        checked = index.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
        state = Qt.CheckState.Unchecked if checked else Qt.CheckState.Checked
        self._layers.setData(index, state, Qt.ItemDataRole.CheckStateRole)

    def _part_at(self, position: QPoint) -> str:
        """``pixels`` or ``mask`` if a thumbnail lies there."""
        index = self.indexAt(position)
        node = self._layers.node_at(index)
        if node is None or index.column() != Column.NAME:
            return ""
        parts = zones(self.visualRect(index), node)
        if parts.mask.contains(position):
            return "mask"
        return "pixels" if parts.pixels.contains(position) else ""

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        node = self._layers.node_at(index)
        if node is not None and index.column() == Column.NAME:
            if zones(self.visualRect(index), node).text.contains(event.position().toPoint()):
                self.rename(node.id)
            elif isinstance(node, Group) and self._part_at(event.position().toPoint()):
                index = self._layers.index_of(node.id, FIRST)
                self.setExpanded(index, not self.isExpanded(index))
        elif node is not None:
            self.mousePressEvent(event)  # two quick clicks on an eye

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        index = self.currentIndex()
        if key == Qt.Key.Key_Space and index.isValid():
            self._toggle(index.siblingAtColumn(Column.EYE))
        elif key == Qt.Key.Key_F2 and index.isValid():
            self.rename(self._layers.id_at(index))
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete.emit()
        else:
            super().keyPressEvent(event)

    # Drawing

    @override
    def drawRow(self, painter: QPainter, options: QStyleOptionViewItem, index: Index) -> None:
        row = QRect(0, self.visualRect(index).top(), self.viewport().width(), 0)
        row.setHeight(self.visualRect(index).height())
        place = QRectF(row).adjusted(2, 1, -2, -1)
        chosen = self.selectionModel().isSelected(self._layers.index_of(self._layers.id_at(index)))
        under = self.viewport().mapFromGlobal(self.cursor().pos())
        hovered = self.viewport().underMouse() and row.contains(under)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if chosen or hovered:
            painter.setBrush(self._theme.color("selection" if chosen else "hover"))
            painter.drawRoundedRect(place, 5, 5)
        current = self._layers.id_at(index) == self._layers.id_at(self.currentIndex())
        if current and self.hasFocus():
            painter.setPen(QPen(self._theme.color("focus"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        painter.restore()
        # The parts are drawn here, as styles lay backgrounds of their own under them.
        self.drawBranches(painter, self._branch(row, index), index)
        for column in Column:
            cell = self._layers.index_of(self._layers.id_at(index), column)
            option = QStyleOptionViewItem(options)
            option.rect = self.visualRect(cell)
            self.itemDelegate().paint(painter, option, cell)

    def _branch(self, row: QRect, index: Index) -> QRect:
        """The indentation of a row."""
        cell = self.visualRect(self._layers.index_of(self._layers.id_at(index)))
        left = self.columnViewportPosition(Column.NAME)
        return QRect(left, row.top(), cell.left() - left, row.height())

    @override
    def drawBranches(self, painter: QPainter, rect: QRect, index: Index) -> None:
        node = self._layers.node_at(index)
        if not isinstance(node, Group) or not node.children:
            return
        first = self._layers.index_of(node.id, FIRST)
        name = "chevron-down" if self.isExpanded(first) else "chevron-right"
        place = QRect(0, 0, CHEVRON, CHEVRON)
        place.moveCenter(QPoint(rect.right() - INDENT // 2, rect.center().y()))
        self._theme.icon(name, "muted").paint(painter, place)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        # As Qt does it, but for the drop indicator: a style's is thin, and all around a group.
        self.executeDelayedItemsLayout()
        painter = QPainter(self.viewport())
        self.drawTree(painter, event.region())
        if self.state() == QAbstractItemView.State.DraggingState:
            self._paint_drop_indicator(painter)
        painter.end()

    def _paint_drop_indicator(self, painter: QPainter) -> None:
        index = self.indexAt(self.viewport().mapFromGlobal(self.cursor().pos()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color("focus"), 2))
        row = self.visualRect(index.siblingAtColumn(Column.NAME))
        row.setRight(self.viewport().width() - 4)
        spot, where = self.dropIndicatorPosition(), QAbstractItemView.DropIndicatorPosition
        if spot == where.OnItem and index.isValid():
            painter.drawRoundedRect(QRectF(row).adjusted(1, 1, -1, -1), 5, 5)
        elif spot in (where.AboveItem, where.BelowItem) and index.isValid():
            y = row.top() if spot == where.AboveItem else row.bottom() + 1
            painter.drawLine(row.left(), y, row.right(), y)
        elif spot == where.OnViewport and self._layers.rowCount():
            y = self._bottom()
            painter.drawLine(4, y, self.viewport().width() - 4, y)

    def _bottom(self) -> int:
        """The lower edge of the last row."""
        index = self._layers.index(self._layers.rowCount() - 1, FIRST)
        while self.isExpanded(index) and self._layers.rowCount(index):
            index = self._layers.index(self._layers.rowCount(index) - 1, FIRST, index)
        return self.visualRect(index).bottom()
