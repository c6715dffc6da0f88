"""Text as pixels of a layer."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QAbstractTextDocumentLayout as Layout
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPalette, QTextDocument, QTextOption

from studio.api.errors import UserError
from studio.document import Array, Layer, Picture, Raster, Text
from studio.document.layer_edits import add_node, change_node, remove_node, set_active
from studio.qt.tools.colors import in_profile

LARGEST = 1 << 27
"""Pixels of a text beyond which it is refused."""
_ALIGNMENTS = {
    "left": Qt.AlignmentFlag.AlignLeft,
    "center": Qt.AlignmentFlag.AlignHCenter,
    "right": Qt.AlignmentFlag.AlignRight,
}


def text_font(text: Text) -> QFont:
    """The font of a text, measured in canvas pixels and the same on every screen."""
    font = QFont(text.family)
    font.setPixelSize(max(round(text.size), 1))
    font.setBold(text.bold)
    font.setItalic(text.italic)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setStyleStrategy(QFont.StyleStrategy.PreferAntialias)
    return font


def text_box(text: Text) -> QRectF:
    """The box of a text on the canvas: its lines and the blanks around them."""
    size = _laid_out(text).size()
    return QRectF(QPointF(text.x, text.y), size)


def rendered(text: Text, picture: Picture) -> Raster:
    """The pixels of a text at the picture's depth and in its profile.

    Coverage has 8 bits, the colour all of the depth's.

    Raises:
        UserError: if it would be too large.
    """
    document = _laid_out(text)
    # Letters may lean out of their boxes.
    margin = math.ceil(text.size)
    x, y = math.floor(text.x) - margin, math.floor(text.y) - margin
    size = document.size()
    width = math.ceil(size.width()) + 2 * margin + 1
    height = math.ceil(size.height()) + 2 * margin + 1
    if width * height > LARGEST:
        raise UserError("This text is too large.", "Choose a smaller size or write less.")
    coverage = _coverage(document, width, height, (text.x - x, text.y - y))
    rows, columns = np.flatnonzero(coverage.any(axis=1)), np.flatnonzero(coverage.any(axis=0))
    empty = Raster(picture.dtype)
    if not rows.size:
        return empty
    top, left = int(rows[0]), int(columns[0])
    coverage = coverage[top : rows[-1] + 1, left : columns[-1] + 1]
    pixels = np.empty((*coverage.shape, 4), picture.dtype)
    pixels[..., :3] = in_profile(text.color, picture.icc, picture.dtype)
    pixels[..., 3] = coverage.astype(np.uint16) * (empty.maximum // 255)
    pixels[coverage == 0] = 0
    return empty.write(x + left, y + top, pixels)


def with_text(picture: Picture, layer_id: str | None, layer: Layer, text: Text) -> Picture:
    """The picture with a layer that says ``text``; nothing to say leaves no layer.

    Args:
        picture: before.
        layer_id: of the layer to change; None adds ``layer`` above the active one.
        layer: what the layer is but for its pixels.
        text: what it says.
    """
    if not text.content.strip():
        if layer_id is None or len(picture.layers) == 1:
            return picture
        return remove_node(layer_id)(picture)
    made = layer.replaced(
        name=text.content.strip().splitlines()[0][:40], raster=rendered(text, picture), text=text
    )
    if layer_id is not None:
        after = change_node(layer_id, raster=made.raster, text=text, name=made.name)(picture)
        return set_active(layer_id)(after)
    return add_node(made)(picture)


def text_layer_at(picture: Picture, x: float, y: float) -> Layer | None:
    """The topmost visible text layer whose box is at a point."""
    for layer in reversed(picture.layers):
        if layer.text is not None and picture.is_visible(layer.id):
            box = text_box(layer.text)
            if box.adjusted(-4, -4, 4, 4).contains(QPointF(x, y)):
                return layer
    return None


def _laid_out(text: Text) -> QTextDocument:
    document = QTextDocument()
    document.setDocumentMargin(0)
    document.setUseDesignMetrics(True)
    document.setDefaultFont(text_font(text))
    option = QTextOption(_ALIGNMENTS[text.align])
    option.setWrapMode(QTextOption.WrapMode.NoWrap)
    document.setDefaultTextOption(option)
    document.setPlainText(text.content)
    document.setPageSize(QSizeF(-1, -1))
    document.setTextWidth(max(document.idealWidth(), 1.0))
    return document


def _coverage(document: QTextDocument, width: int, height: int, at: tuple[float, float]) -> Array:
    """How much of each pixel is ink: height x width, uint8."""
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    painter.translate(*at)
    context = Layout.PaintContext()
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Text, QColor(Qt.GlobalColor.black))
    context.palette = palette
    document.documentLayout().draw(painter, context)
    painter.end()
    values = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())
    ink: Array = values[:, : 4 * width].reshape(height, width, 4)[..., 3].copy()
    return ink
