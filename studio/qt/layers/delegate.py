"""How a row of the layer panel is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QLineEdit, QStyledItemDelegate, QStyleOptionViewItem, QWidget
from typing_extensions import override

from studio.document import Group, Layer, Node
from studio.qt.i18n import tr
from studio.qt.layers.model import Column, Role
from studio.qt.panels.checkerboard import paint_thumbnail
from studio.qt.theme import Theme

ROW = 46
THUMB = QSize(44, 34)
GAP = 6
ICON = 18
BADGE = 14
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Zones:
    """Where the parts of a row's middle column lie.

    Attributes:
        pixels: the thumbnail.
        mask: the mask's thumbnail; empty without a mask.
        text: name and details.
    """

    pixels: QRect
    mask: QRect
    text: QRect


def zones(area: QRect, node: Node) -> Zones:
    """The parts of a row's middle column in ``area``."""
    top = area.top() + (area.height() - THUMB.height()) // 2
    pixels = QRect(area.left() + 2, top, THUMB.width(), THUMB.height())
    mask, left = QRect(), pixels.right() + 1 + GAP
    if node.mask is not None:
        mask = pixels.translated(THUMB.width() + GAP, 0)
        left = mask.right() + 1 + GAP
    text = QRect(left + 2, area.top(), max(area.right() - left - 2, 0), area.height())
    return Zones(pixels, mask, text)


class LayerDelegate(QStyledItemDelegate):
    """Draws eyes, thumbnails, names and locks. The row's background is the view's."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, ROW)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        node: Node | None = index.data(Role.NODE)
        if node is None:
            return
        painter.save()
        area: QRect = option.rect
        if index.column() == Column.NAME:
            self._paint_node(painter, area, index, node)
        elif index.column() == Column.EYE:
            shown = bool(index.data(Role.SHOWN))
            color = "text" if shown else "disabled"
            self._paint_icon(painter, area, "eye" if node.visible else "eye-off", color)
        elif index.data(Role.LOCKED):
            self._paint_icon(painter, area, "lock", "text" if node.locked else "disabled")
        elif index.data(Role.ACTIVE):
            self._paint_icon(painter, area, "unlock", "disabled")
        painter.restore()

    def _paint_icon(self, painter: QPainter, area: QRect, name: str, color: str) -> None:
        corner = area.center() - QRect(0, 0, ICON, ICON).center()
        place = QRect(corner, QSize(ICON, ICON))
        self._theme.icon(name, color).paint(painter, place)

    def _paint_node(self, painter: QPainter, area: QRect, index: Index, node: Node) -> None:
        parts = zones(area, node)
        active, on_mask = bool(index.data(Role.ACTIVE)), bool(index.data(Role.ON_MASK))
        shown = bool(index.data(Role.SHOWN))
        painter.setOpacity(1.0 if shown else 0.5)
        pixmap: QPixmap | None = index.data(Role.PIXELS)
        if pixmap is None:
            empty = "folder" if isinstance(node, Group) else "image"
            self._paint_icon(painter, parts.pixels, empty, "muted")
            place = parts.pixels
        else:
            place = paint_thumbnail(painter, pixmap, parts.pixels)
            self._paint_badge(painter, parts.pixels, node)
        if pixmap is not None or not isinstance(node, Group):
            self._paint_border(painter, place, chosen=active and not on_mask)
        if node.mask is not None:
            mask: QPixmap | None = index.data(Role.MASK)
            where = parts.mask if mask is None else paint_thumbnail(painter, mask, parts.mask)
            self._paint_border(painter, where, chosen=on_mask)
        painter.setOpacity(1.0)
        self._paint_text(painter, parts.text, index, shown=shown, bold=active)

    def _paint_badge(self, painter: QPainter, area: QRect, node: Node) -> None:
        """Say that a thumbnail is that of a group or of a text."""
        name = ""
        if isinstance(node, Group):
            name = "folder"
        elif isinstance(node, Layer) and node.text is not None:
            name = "text-layer"
        if name:
            place = QRect(0, 0, BADGE, BADGE)
            place.moveBottomRight(area.bottomRight())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("panel"))
            painter.drawRoundedRect(place.adjusted(-1, -1, 1, 1), 3, 3)
            self._theme.icon(name).paint(painter, place)

    def _paint_border(self, painter: QPainter, area: QRect, *, chosen: bool) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if chosen:
            pen = QPen(self._theme.color("focus"), 2)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.drawRect(area.adjusted(-1, -1, 1, 1))
        else:
            color = QColor(self._theme.color("strong_border"))
            painter.setPen(QPen(color, 1))
            painter.drawRect(area.adjusted(-1, -1, 0, 0))

    def _paint_text(
        self, painter: QPainter, area: QRect, index: Index, *, shown: bool, bold: bool
    ) -> None:
        font = QFont(painter.font())
        if bold:
            font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        lines = [(index.data(), "text" if shown else "muted")]
        if detail := index.data(Role.DETAILS):
            lines.append((detail, "muted"))
        high = metrics.height()
        top = area.top() + (area.height() - high * len(lines)) // 2
        for number, (text, color) in enumerate(lines):
            if number:
                font.setWeight(QFont.Weight.Normal)
                font.setPointSizeF(font.pointSizeF() * 0.9)
                painter.setFont(font)
                metrics = painter.fontMetrics()
            painter.setPen(self._theme.color(color))
            place = QRect(area.left(), top + number * high, area.width(), high)
            elided = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), elided)

    @override
    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setAccessibleName(tr("Name of the layer"))
        editor.setMaxLength(200)
        return editor

    @override
    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        node: Node | None = index.data(Role.NODE)
        area: QRect = option.rect
        text = area if node is None else zones(area, node).text
        height = editor.sizeHint().height()
        editor.setGeometry(
            text.left() - 6, text.center().y() - height // 2, text.width() + 4, height
        )
