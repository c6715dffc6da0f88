"""A grid of thumbnails with names: pictures of a gallery, or the names that a model knows."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QListWidget,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from studio.qt.theme import Theme

NARROWEST = 72
"""Pixels of a cell's width; as many as fit share the room there is."""
MARGIN = 5
SCROLL_BAR = 12
NAME = 24
"""Pixels of the line under a thumbnail."""
ROWS = 3
"""As many rows are seen at once; the others are scrolled to."""
ICON = Qt.ItemDataRole.UserRole + 2
"""Name of an icon that stands for an item without a picture."""


class ThumbnailGrid(QListWidget):
    """Cells that share the width, each a thumbnail (its decoration) over its name."""

    def __init__(self, theme: Theme, *, several: bool) -> None:
        super().__init__()
        self._theme = theme
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
        theme.changed.connect(self.viewport().update)

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


class _Delegate(QStyledItemDelegate):
    """Draws a rounded thumbnail with its name under it, and a mark on what is chosen."""

    def __init__(self, theme: Theme, grid: ThumbnailGrid) -> None:
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
        if name := index.data(ICON):
            place = frame.adjusted(side / 3, side / 3, -side / 3, -side / 3).toRect()
            theme.icon(name, "muted").paint(painter, place)
        if chosen or focused or over:
            color = "accent" if chosen else "focus" if focused else "strong_border"
            painter.setPen(QPen(theme.color(color), 3 if chosen else 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame.adjusted(-1, -1, 1, 1), 6, 6)
        if chosen:
            draw_mark(painter, frame, theme)
        painter.setPen(theme.color("text" if chosen or over else "muted"))
        room = QRect(cell.x() + 2, round(frame.bottom()) + 4, cell.width() - 4, 18)
        name = str(index.data(Qt.ItemDataRole.DisplayRole))
        text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)
        painter.restore()


def draw_mark(painter: QPainter, frame: QRectF, theme: Theme) -> None:
    """The mark of what is chosen, in the upper right corner."""
    badge = QRectF(frame.right() - 19, frame.top() + 3, 16, 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("accent"))
    painter.drawEllipse(badge)
    theme.icon("check", "on_accent").paint(painter, badge.adjusted(2, 2, -2, -2).toRect())


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
