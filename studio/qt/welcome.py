"""What the window shows while no picture is open."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from studio.qt.actions import keys_text
from studio.qt.i18n import tr
from studio.qt.theme import Theme, application_icon
from studio.qt.thumbnails import Thumbnails, read_thumbnail, shrink
from studio.qt.widgets import GAP, button, clear_layout, label, restyle, title_label

if TYPE_CHECKING:
    from studio_resources.samples import Sample

TILE = QSize(148, 132)
SPACE = 12
MOST_COLUMNS = 6
MOST_RECENT = 12


class PictureTile(QPushButton):
    """A thumbnail with a name under it."""

    def __init__(self, title: str, tip: str, theme: Theme) -> None:
        super().__init__()
        self._title, self._theme = title, theme
        self._thumbnail: QPixmap | None = None
        self.setProperty("role", "tile")
        self.setAccessibleName(title)
        self.setToolTip(tip)
        self.setFixedSize(TILE)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_thumbnail(self, pixmap: QPixmap | None) -> None:
        """Show a picture, or an icon in its place."""
        self._thumbnail = pixmap
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw picture and title inside the button's frame."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        line = self.fontMetrics().height()
        area = QRectF(self.rect()).adjusted(8, 8, -8, -(line + 14))
        if self._thumbnail is None:
            side = 28.0
            icon = self._theme.icon("image", "muted")
            place = QRectF(0, 0, side, side)
            place.moveCenter(area.center())
            icon.paint(painter, place.toRect())
        else:
            self._draw_cropped(painter, area, self._thumbnail)
        painter.setPen(self._theme.color("text"))
        text = self.fontMetrics().elidedText(
            self._title, Qt.TextElideMode.ElideMiddle, self.width() - 16
        )
        foot = QRectF(8, self.height() - line - 9, self.width() - 16, line + 2)
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignCenter), text)
        painter.end()

    @staticmethod
    def _draw_cropped(painter: QPainter, area: QRectF, pixmap: QPixmap) -> None:
        """Fill the area with the middle of the picture, with round corners."""
        scale = max(area.width() / pixmap.width(), area.height() / pixmap.height())
        width, height = area.width() / scale, area.height() / scale
        source = QRectF((pixmap.width() - width) / 2, (pixmap.height() - height) / 2, width, height)
        clip = QPainterPath()
        clip.addRoundedRect(area, 4, 4)
        painter.setClipPath(clip)
        painter.drawPixmap(area, pixmap, source)
        painter.setClipping(False)


class Welcome(QScrollArea):
    """Open, recent files, samples; files can be dropped anywhere on it.

    Signals:
        open_requested: the user wants the file dialog.
        path_chosen: the path of a recent file.
        sample_chosen: a sample.
        files_dropped: paths.
    """

    open_requested = Signal()
    path_chosen = Signal(str)
    sample_chosen = Signal(object)
    files_dropped = Signal(list)

    def __init__(self, theme: Theme, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._theme, self._thumbnails = theme, thumbnails
        self.setAcceptDrops(True)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(tr("Welcome"))
        page = QWidget()
        page.setObjectName("welcome")
        page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.recent_title = label(tr("Recent"), "heading")
        self.recent = QGridLayout()
        self.samples_title = label(tr("Samples"), "heading")
        self.samples = QGridLayout()
        self._entries: dict[QGridLayout, list[PictureTile]] = {self.recent: [], self.samples: []}
        self._columns = 1
        self._content = QWidget()
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 32, 0, 32)
        column.setSpacing(12)
        column.addLayout(self._head())
        column.addSpacing(GAP)
        column.addWidget(self._drop_zone())
        column.addSpacing(GAP)
        for title, grid in ((self.recent_title, self.recent), (self.samples_title, self.samples)):
            grid.setSpacing(SPACE)
            grid.setAlignment(Qt.AlignmentFlag.AlignLeft)
            column.addWidget(title)
            column.addLayout(grid)
            column.addSpacing(GAP)
        column.addStretch(1)
        outer = QHBoxLayout(page)
        outer.setContentsMargins(SPACE, 0, SPACE, 0)
        outer.addStretch(1)
        outer.addWidget(self._content)
        outer.addStretch(1)
        self.setWidget(page)
        self.show_recent(())
        self.show_samples(())

    def _head(self) -> QHBoxLayout:
        logo = QLabel()
        logo.setPixmap(application_icon().pixmap(QSize(48, 48)))
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(title_label("Impasto", 1.9))
        words.addWidget(
            label(tr("An image editor whose tools are learned models"), "muted", wrap=True)
        )
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(logo)
        head.addLayout(words, 1)
        return head

    def _drop_zone(self) -> QFrame:
        self.zone = QFrame()
        self.zone.setObjectName("drop-zone")
        self.zone.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.open_button = button(tr("Open a picture…"), keys_text("Ctrl+O"), primary=True)
        self._theme.bind(self.open_button, "open", "on_accent", 18)
        self.open_button.clicked.connect(self.open_requested)
        hint = label(tr("or drop a picture, or a model file, anywhere here"), "muted", wrap=True)
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self.zone)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        column.addWidget(self.open_button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(hint)
        return self.zone

    def show_recent(self, paths: Sequence[str]) -> None:
        """Show these files, newest first."""
        tiles = []
        for name in paths[:MOST_RECENT]:
            path = Path(name)
            tile = PictureTile(path.name, name, self._theme)
            tile.clicked.connect(partial(self.path_chosen.emit, name))
            make = partial(read_thumbnail, path)
            self._thumbnails.get(name, make, tile, tile.show_thumbnail)
            tiles.append(tile)
        self._fill(self.recent, self.recent_title, tiles)

    def show_samples(self, samples: Sequence[Sample]) -> None:
        """Show these pictures."""
        tiles = []
        for sample in samples:
            title = tr(sample.title)
            tile = PictureTile(title, f"{title}: {sample.credit}", self._theme)
            tile.clicked.connect(partial(self.sample_chosen.emit, sample))
            make = partial(_sample_thumbnail, sample)
            self._thumbnails.get(f"sample:{sample.id}", make, tile, tile.show_thumbnail)
            tiles.append(tile)
        self._fill(self.samples, self.samples_title, tiles)

    def _fill(self, grid: QGridLayout, title: QLabel, tiles: list[PictureTile]) -> None:
        clear_layout(grid)
        title.setVisible(bool(tiles))
        self._entries[grid] = tiles
        self._arrange()

    def _arrange(self) -> None:
        """Put as many tiles into a row as fit."""
        for grid, tiles in self._entries.items():
            for number, tile in enumerate(tiles):
                grid.addWidget(tile, number // self._columns, number % self._columns)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Use the width."""
        super().resizeEvent(event)
        step = TILE.width() + SPACE
        columns = min(max((self.viewport().width() - SPACE) // step, 2), MOST_COLUMNS)
        self._content.setFixedWidth(columns * step - SPACE)
        if columns != self._columns:
            self._columns = columns
            self._arrange()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take files."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            restyle(self.zone, "dragging", True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802 - Qt's name
        """Look as before."""
        restyle(self.zone, "dragging", False)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Hand the files over."""
        restyle(self.zone, "dragging", False)
        local = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if local:
            event.acceptProposedAction()
            self.files_dropped.emit(local)


def _sample_thumbnail(sample: Sample) -> QImage:
    return shrink(sample.load())
