"""The text tool: click, type, and the layer says it; click it again to change it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QCursor, QFontInfo, QKeyEvent, QPainter
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget
from typing_extensions import override

from studio.document import Document, Layer, Raster, Text, Transaction
from studio.document.edits import require_unlocked
from studio.qt.canvas import CanvasView
from studio.qt.geometry.handles import draw_outline
from studio.qt.geometry.text_rendering import text_box, text_layer_at, with_text
from studio.qt.i18n import N_, tr
from studio.qt.tools.base import Pointer, Tool, ToolDesk
from studio.qt.widgets import button, label

EDITOR = QSize(320, 132)


class TextTool(Tool):
    """Writes and changes text layers.

    Signals:
        changed: the text, or how the next one is to look.
    """

    id = "text"
    title = N_("Text")
    icon = "text"
    shortcut = "T"
    hint = N_(
        "Click (or press Enter) to write, click a text to change it. Ctrl+Enter keeps it, Esc "
        "gives up; the move tool moves it."
    )
    group = "paint"

    changed = Signal()

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        stored = desk.workspace.services.settings.tools.get("text", {})
        family = str(stored.get("family", "")) or QFontInfo(desk.canvas.font()).family()
        align = stored.get("align", "left")
        self.style = Text(
            "",
            family,
            float(stored.get("size", 48.0)),
            desk.colors.foreground,
            0.0,
            0.0,
            bold=bool(stored.get("bold", False)),
            italic=bool(stored.get("italic", False)),
            align=align if align in ("left", "center", "right") else "left",
        )
        self._transaction: Transaction | None = None
        self._layer: Layer | None = None
        self._existing: str | None = None
        self.editor: TextEditor | None = None
        desk.colors.changed.connect(self._follow_color)

    @property
    @override
    def busy(self) -> bool:
        return self.editor is not None

    def set_style(self, **changes: Any) -> None:
        """Let the text, or the next one, look another way."""
        self.style = self.style.replaced(**changes)
        style = self.style
        values = {
            "family": style.family, "size": style.size, "bold": style.bold,
            "italic": style.italic, "align": style.align,
        }  # fmt: skip
        self.desk.workspace.services.settings.remember_tool("text", values)
        self._show()
        self.changed.emit()

    def _follow_color(self) -> None:
        self.style = self.style.replaced(color=self.desk.colors.foreground)
        self._show()
        self.changed.emit()

    # Pointer

    @override
    def press(self, p: Pointer) -> None:
        document = self.desk.document
        if document is None:
            return
        if self.editor is not None:
            self.commit()
        found = text_layer_at(document.picture, p.x, p.y)
        if found is None:
            self._begin_new(document, p.x, p.y)
        else:
            require_unlocked(document.picture, found.id)
            self._begin(document, found)

    @override
    def key_press(self, event: QKeyEvent) -> bool:
        document = self.desk.document
        starts = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if document is None or self.editor is not None or not starts:
            return False
        seen = self.desk.canvas.visible_region()
        self._begin_new(document, seen.x + seen.width * 0.25, seen.y + seen.height / 2)
        return True

    def _begin_new(self, document: Document, x: float, y: float) -> None:
        # The first line's middle comes to lie where the click was.
        y -= self.style.size * 0.6
        self.style = self.style.replaced(
            content="", x=float(round(x)), y=float(round(y)), color=self.desk.colors.foreground
        )
        self._existing = None
        self._layer = Layer(tr("Text"), Raster(document.picture.dtype))
        self._open(document, tr("Add text"))

    def _begin(self, document: Document, layer: Layer) -> None:
        assert layer.text is not None  # noqa: S101 - only such are found
        self._existing, self._layer, self.style = layer.id, layer, layer.text
        self._open(document, tr("Edit text"))

    def _open(self, document: Document, title: str) -> None:
        self._transaction = document.begin(title)
        self.editor = TextEditor(self)
        self.editor.place(self.desk.canvas, self.style)
        self.editor.show()
        self.editor.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.desk.canvas.viewport_changed.connect(self._place)
        self.changed.emit()
        self.repaint.emit()

    def set_content(self, content: str) -> None:
        """What the text says now."""
        self.style = self.style.replaced(content=content)
        self._show()

    def _show(self) -> None:
        """Bring the layer up to date with the text."""
        transaction, layer = self._transaction, self._layer
        if transaction is None or layer is None:
            return
        if not transaction.open:
            self._close()  # the document went on without it
            return
        text = self.style
        transaction.update(lambda picture: with_text(picture, self._existing, layer, text))
        self._place()
        self.repaint.emit()

    def _place(self) -> None:
        if self.editor is not None:
            self.editor.place(self.desk.canvas, self.style)

    @override
    def commit(self) -> None:
        transaction = self._transaction
        if transaction is not None and transaction.open:
            if self._existing is not None and not self.style.content.strip():
                transaction.title = tr("Delete text")
            transaction.commit()
        self._close()

    @override
    def cancel(self) -> None:
        if self._transaction is not None:
            self._transaction.cancel()
        self._close()

    def _close(self) -> None:
        editor, self.editor = self.editor, None
        self._transaction = self._layer = self._existing = None
        self.style = self.style.replaced(content="")
        if editor is not None:
            self.desk.canvas.viewport_changed.disconnect(self._place)
            editor.hide()
            editor.deleteLater()
            self.desk.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()
        self.repaint.emit()

    @override
    def deactivate(self) -> None:
        self.commit()

    # Showing

    @override
    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        if self.editor is None:
            return
        box = text_box(self.style.replaced(content=self.style.content or " ")).adjusted(
            -3, -3, 3, 3
        )
        corners = (box.topLeft(), box.topRight(), box.bottomRight(), box.bottomLeft())
        draw_outline(painter, [canvas.image_to_view(p.x(), p.y()) for p in corners], canvas.ratio)

    @override
    def cursor(self) -> QCursor:
        return QCursor(Qt.CursorShape.IBeamCursor)

    @override
    def options(self) -> QWidget:
        from studio.qt.geometry.text_options import TextOptions

        return TextOptions(self)


class TextEditor(QWidget):
    """A field under the text on the canvas, with the buttons that end the typing."""

    def __init__(self, tool: TextTool) -> None:
        super().__init__(tool.desk.canvas)
        self._tool = tool
        self.setAccessibleName(tr("Text editor"))
        self.setObjectName("text-editor")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAutoFillBackground(True)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.field = _Field(tool)
        self.field.setPlainText(tool.style.content)
        self.field.selectAll()
        self.done = button(tr("Done"), tr("Keep the text (Ctrl+Enter)"), primary=True)
        self.give_up = button(tr("Cancel"), tr("Give the changes up (Esc)"))
        self.done.clicked.connect(tool.commit)
        self.give_up.clicked.connect(tool.cancel)
        self.field.textChanged.connect(lambda: tool.set_content(self.field.toPlainText()))
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.field)
        row = QHBoxLayout()
        row.addWidget(label(tr("Ctrl+Enter keeps it"), "muted"), 1)
        row.addWidget(self.give_up)
        row.addWidget(self.done)
        column.addLayout(row)
        self.resize(EDITOR)

    def place(self, canvas: CanvasView, text: Text) -> None:
        """Below the text if there is room, else above it, and always inside the view."""
        box = text_box(text)
        below = canvas.from_image(QPointF(box.left(), box.bottom()))
        above = canvas.from_image(QPointF(box.left(), box.top()))
        y = below.y() + 12
        if y + self.height() > canvas.height():
            y = above.y() - self.height() - 12
        x = min(max(below.x(), 8.0), max(canvas.width() - self.width() - 8.0, 8.0))
        y = min(max(y, 8.0), max(canvas.height() - self.height() - 8.0, 8.0))
        self.move(round(x), round(y))


class _Field(QPlainTextEdit):
    """Plain text in which Ctrl+Enter and Esc end the typing."""

    def __init__(self, tool: TextTool) -> None:
        super().__init__()
        self._tool = tool
        self.setAccessibleName(tr("Text"))
        self.setPlaceholderText(tr("Type here"))
        self.setTabChangesFocus(True)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape:
            self._tool.cancel()
        elif enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._tool.commit()
        else:
            super().keyPressEvent(event)
