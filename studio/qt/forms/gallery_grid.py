"""The pictures of a gallery as a grid of thumbnails with names."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from studio.host.galleries import GalleryPicture
from studio.qt.i18n import tr
from studio.qt.library import Library
from studio.qt.theme import Theme

NARROWEST = 72
"""Pixels of a cell's width; as many as fit share the room there is."""
MARGIN = 5
SCROLL_BAR = 12
NAME = 24
"""Pixels of the line under a thumbnail."""
ROWS = 3
"""As many rows are seen at once; the others are scrolled to."""
_SOURCE = Qt.ItemDataRole.UserRole
_PICTURE = Qt.ItemDataRole.UserRole + 1


class GalleryGrid(QListWidget):
    """A grid in which pictures are switched on and off.

    Signals:
        toggled: the source of a picture, and whether it is chosen now.
        removed: the source of a picture that the user deleted from the gallery.
    """

    toggled = Signal(str, bool)
    removed = Signal(str)

    def __init__(self, gallery: str, library: Library, theme: Theme, *, several: bool) -> None:
        super().__init__()
        self._gallery, self._library, self._theme = gallery, library, theme
        self._chosen: frozenset[str] = frozenset()
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setSpacing(0)
        self.setSelectionRectVisible(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        mode = QAbstractItemView.SelectionMode
        self.setSelectionMode(mode.MultiSelection if several else mode.SingleSelection)
        self.setItemDelegate(_Delegate(theme, self))
        self.setMouseTracking(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.itemSelectionChanged.connect(self._on_selection)
        library.changed.connect(self._on_changed)
        theme.changed.connect(self.viewport().update)
        self.fill()

    def fill(self) -> None:
        """Show the pictures that there are now."""
        with QSignalBlocker(self):
            self.clear()
            for picture in self._library.pictures(self._gallery):
                self._add(picture)
            self._select()
        self.setVisible(self.count() > 0)
        self.updateGeometry()

    def show_chosen(self, sources: Collection[str]) -> None:
        """Mark the pictures that are chosen."""
        self._chosen = frozenset(sources)
        with QSignalBlocker(self):
            self._select()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as its rows, up to `ROWS`."""
        across, height = self._across, self.cell.height()
        rows = min(-(-self.count() // across), ROWS)
        # Half a row more shows that there is more.
        more = height // 2 if self.count() > across * ROWS else 0
        return QSize(3 * NARROWEST, max(rows, 1) * height + more + 2)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Narrower than it would like, never lower."""
        return QSize(2 * NARROWEST, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Its height follows from how many fit beside each other."""
        super().resizeEvent(event)
        if self.gridSize() != self.cell:
            self.setGridSize(self.cell)
            self.updateGeometry()

    @property
    def cell(self) -> QSize:
        """Size of a cell: the columns fill the width."""
        # Room for the scroll bar is always kept, as its coming would change the columns.
        width = max(self.width() - SCROLL_BAR, NARROWEST) // self._across
        return QSize(width, width - 2 * MARGIN + NAME + MARGIN)

    @property
    def _across(self) -> int:
        return max((self.width() - SCROLL_BAR) // NARROWEST, 1)

    def _add(self, picture: GalleryPicture) -> None:
        item = QListWidgetItem(tr(picture.title))
        item.setData(_SOURCE, picture.source)
        item.setData(_PICTURE, picture)
        item.setToolTip(tr(picture.title))
        kind = tr("Your own picture") if picture.own else tr("Comes with Impasto")
        item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, kind)
        self.addItem(item)
        source = picture.source

        def show(pixmap: QPixmap | None) -> None:
            found = self._item(source)  # the grid may have been filled anew meanwhile
            if found is not None and pixmap is not None:
                found.setData(Qt.ItemDataRole.DecorationRole, pixmap)

        self._library.thumbnail(picture.path, self, show)

    def _item(self, source: str) -> QListWidgetItem | None:
        items = (self.item(row) for row in range(self.count()))
        return next((item for item in items if item.data(_SOURCE) == source), None)

    def _select(self) -> None:
        for row in range(self.count()):
            item = self.item(row)
            item.setSelected(item.data(_SOURCE) in self._chosen)

    def _on_selection(self) -> None:
        selected = frozenset(item.data(_SOURCE) for item in self.selectedItems())
        known = frozenset(self.item(row).data(_SOURCE) for row in range(self.count()))
        before, self._chosen = self._chosen, selected | (self._chosen - known)
        for source in sorted(before & known - selected):
            self.toggled.emit(source, False)
        for source in sorted(selected - before):
            self.toggled.emit(source, True)

    def _on_changed(self, gallery: str) -> None:
        if gallery == self._gallery:
            self.fill()

    def _show_menu(self, point: QPoint) -> None:
        item = self.itemAt(point) or self.currentItem()
        picture = item.data(_PICTURE) if item is not None else None
        if not isinstance(picture, GalleryPicture):
            return
        menu = self.menu(picture)
        menu.exec(self.viewport().mapToGlobal(point))
        menu.deleteLater()

    def menu(self, picture: GalleryPicture) -> QMenu:
        """The context menu of a picture."""
        menu = QMenu(self)
        remove = menu.addAction(tr("Remove from my pictures"))
        remove.setIcon(self._theme.icon("trash"))
        remove.setEnabled(picture.own)
        if not picture.own:
            remove.setText(tr("Comes with Impasto"))
        remove.triggered.connect(lambda: self._remove(picture))
        return menu

    def _remove(self, picture: GalleryPicture) -> None:
        self._library.remove(picture, self._gallery)
        self.removed.emit(picture.source)


class _Delegate(QStyledItemDelegate):
    """Draws a rounded thumbnail with its name under it, and a mark on what is chosen."""

    def __init__(self, theme: Theme, grid: GalleryGrid) -> None:
        super().__init__(grid)
        self._theme, self._grid = theme, grid

    def sizeHint(  # noqa: N802 - Qt's name
        self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Every cell has the same size."""
        return self._grid.cell

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw one cell."""
        theme = self._theme
        cell: QRect = option.rect
        state: QStyle.StateFlag = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        focused = bool(state & QStyle.StateFlag.State_HasFocus)
        over = bool(state & QStyle.StateFlag.State_MouseOver)
        side = cell.width() - 2 * MARGIN
        frame = QRectF(cell.x() + MARGIN, cell.y() + MARGIN, side, side)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        draw_thumbnail(painter, frame, index.data(Qt.ItemDataRole.DecorationRole), theme)
        if chosen or focused or over:
            color = "accent" if chosen else "focus" if focused else "strong_border"
            painter.setPen(QPen(theme.color(color), 3 if chosen else 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame.adjusted(-1, -1, 1, 1), 6, 6)
        if chosen:
            self._draw_mark(painter, frame)
        painter.setPen(theme.color("text" if chosen or over else "muted"))
        room = QRect(cell.x() + 2, round(frame.bottom()) + 4, cell.width() - 4, 18)
        name = str(index.data(Qt.ItemDataRole.DisplayRole))
        text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)
        painter.restore()

    def _draw_mark(self, painter: QPainter, frame: QRectF) -> None:
        badge = QRectF(frame.right() - 19, frame.top() + 3, 16, 16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("accent"))
        painter.drawEllipse(badge)
        mark = badge.adjusted(2, 2, -2, -2).toRect()
        self._theme.icon("check", "on_accent").paint(painter, mark)


def draw_thumbnail(painter: QPainter, frame: QRectF, pixmap: QPixmap | None, theme: Theme) -> None:
    """A thumbnail that fills a rounded frame, its middle cut out; an empty field while it is made."""
    outline = QPainterPath()
    outline.addRoundedRect(frame, 5, 5)
    painter.fillPath(outline, theme.color("field"))
    if pixmap is None or pixmap.isNull():
        painter.setPen(theme.color("border"))
        painter.drawPath(outline)
        return
    side = min(pixmap.width(), pixmap.height() * frame.width() / frame.height())
    height = side * frame.height() / frame.width()
    middle = QRectF((pixmap.width() - side) / 2, (pixmap.height() - height) / 2, side, height)
    painter.setClipPath(outline)
    painter.drawPixmap(frame, pixmap, middle)
    painter.setClipping(False)
