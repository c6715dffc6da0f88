"""The pictures that were made, as large as the room allows, to choose one from."""

from __future__ import annotations

from collections.abc import Sequence

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
from PySide6.QtGui import QImage, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from studio.qt.canvas.rendering import Colors, checkerboard
from studio.qt.forms.thumbnail_grid import draw_mark
from studio.qt.i18n import tr
from studio.qt.theme import Theme

MARGIN = 8
CHECK = 8
LARGEST = 12
"""Times that a small picture is enlarged at most."""
BLOCKS = 2
"""From this enlargement on, pixels are shown as they are instead of blurred."""
_IMAGE = Qt.ItemDataRole.UserRole


class ResultGrid(QListWidget):
    """Pictures of one size in as many columns as make them largest.

    Signals:
        chosen: the number of the picture that was clicked, or gone to with the keys.
        taken: the same, double-clicked or entered.
    """

    chosen = Signal(int)
    taken = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._choosing = False
        self.setAccessibleName(tr("Results"))
        self.setObjectName("result-grid")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setSpacing(0)
        self.setSelectionRectVisible(False)
        self.setMinimumSize(QSize(160, 120))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(_Delegate(theme, self))
        self.setMouseTracking(True)
        self.currentRowChanged.connect(self._on_row)
        self.itemActivated.connect(lambda item: self.taken.emit(self.row(item)))
        theme.changed.connect(self.viewport().update)

    @property
    def choosing(self) -> bool:
        """Whether there is something to choose from."""
        return self._choosing

    def image(self, number: int) -> QImage:
        """One of the pictures that are shown."""
        found: QImage = self.item(number).data(_IMAGE)
        return found

    def show_images(self, images: Sequence[QImage], chosen: int | None = None) -> None:
        """Show pictures; with ``chosen`` one of several can be chosen, and that one is."""
        self._choosing = chosen is not None and len(images) > 1
        with QSignalBlocker(self):
            while self.count() > len(images):
                self.takeItem(self.count() - 1)
            while self.count() < len(images):
                number = self.count() + 1
                item = QListWidgetItem()
                item.setData(
                    Qt.ItemDataRole.AccessibleTextRole, tr("Result {number}", number=number)
                )
                self.addItem(item)
            for number, image in enumerate(images):
                self.item(number).setData(_IMAGE, image)
            self.setCurrentRow(chosen if self._choosing and chosen is not None else -1)
        self._arrange()

    def choose(self, number: int) -> None:
        """Mark another one, without telling."""
        if self._choosing and number < self.count():
            with QSignalBlocker(self):
                self.setCurrentRow(number)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """As many columns as make the pictures largest."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        if self.count():
            image = self.image(0)
            columns = best_columns(self.count(), self.viewport().size(), image.size())
            rows = -(-self.count() // columns)
            room = self.viewport().size()
            # Rounded down, and one less: the view breaks a row that fills it exactly.
            cell = QSize((room.width() - 1) // columns, (room.height() - 1) // rows)
            if cell != self.gridSize():
                self.setGridSize(cell)
        self.viewport().update()

    def _on_row(self, row: int) -> None:
        if self._choosing and row >= 0:
            self.chosen.emit(row)


def best_columns(count: int, room: QSize, picture: QSize) -> int:
    """How many columns show ``count`` pictures of a size the largest."""

    def scale(columns: int) -> float:
        rows = -(-count // columns)
        across = room.width() / columns - 2 * MARGIN
        down = room.height() / rows - 2 * MARGIN
        return min(across / max(picture.width(), 1), down / max(picture.height(), 1))

    return max(range(1, count + 1), key=lambda columns: (scale(columns), -columns))


class _Delegate(QStyledItemDelegate):
    """Draws a picture in the middle of its cell, on checks where it is transparent."""

    def __init__(self, theme: Theme, grid: ResultGrid) -> None:
        super().__init__(grid)
        self._theme, self._grid = theme, grid

    def sizeHint(  # noqa: N802 - Qt's name
        self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Every cell has the same size."""
        return self._grid.gridSize()

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw one cell."""
        image: QImage | None = index.data(_IMAGE)
        if image is None or image.isNull():
            return
        cell: QRect = option.rect
        place = placed(image.size(), cell.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN))
        painter.save()
        if image.hasAlphaChannel():
            colors = Colors.of(self._grid.palette())
            painter.drawTiledPixmap(place, checkerboard(colors.checks, CHECK), QPoint(0, 0))
        draw_sharp(painter, image, place)
        state: QStyle.StateFlag = option.state
        chosen = self._grid.choosing and bool(state & QStyle.StateFlag.State_Selected)
        over = self._grid.choosing and bool(state & QStyle.StateFlag.State_MouseOver)
        if chosen or over:
            frame = QRectF(place).adjusted(-2, -2, 2, 2)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._theme.color("accent" if chosen else "strong_border"), 3))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame, 4, 4)
            if chosen:
                draw_mark(painter, QRectF(place), self._theme)
        painter.restore()


def placed(size: QSize, room: QRect) -> QRect:
    """Where a picture lies in a room: in its middle, as large as fits, in whole steps if enlarged."""
    scale = min(room.width() / max(size.width(), 1), room.height() / max(size.height(), 1))
    if scale >= BLOCKS:
        scale = min(int(scale), LARGEST)
    width, height = max(round(size.width() * scale), 1), max(round(size.height() * scale), 1)
    left = room.x() + (room.width() - width) // 2
    return QRect(left, room.y() + (room.height() - height) // 2, width, height)


def draw_sharp(painter: QPainter, image: QImage, place: QRect) -> None:
    """A picture in a place: reduced smoothly, enlarged much in visible pixels."""
    painter.setRenderHint(
        QPainter.RenderHint.SmoothPixmapTransform, place.width() < BLOCKS * image.width()
    )
    if place.width() < image.width():
        # The painter itself would leave pixels out when it reduces by more than half.
        ratio = painter.device().devicePixelRatioF()
        size = QSize(round(place.width() * ratio), round(place.height() * ratio))
        mode = Qt.TransformationMode.SmoothTransformation
        image = image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
    painter.drawImage(QRectF(place), image, QRectF(image.rect()))
