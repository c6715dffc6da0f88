"""The move tool: layers, groups, masks and selected pixels, by whole pixels."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCursor, QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from studio.document import Document, Layer, Rect, Transaction
from studio.document.layer_edits import set_active
from studio.document.transforms import Target, move, target_of
from studio.document.transforms.matrices import translation
from studio.qt.canvas import CanvasView
from studio.qt.editing import AT_ONCE, node_cost
from studio.qt.geometry.box_tool import ARROWS
from studio.qt.geometry.handles import draw_outline
from studio.qt.geometry.preview import FloatingPreview
from studio.qt.geometry.snapping import Snapper, snapper
from studio.qt.i18n import N_, tr
from studio.qt.tools.base import Pointer, Tool, ToolDesk
from studio.qt.tools.options import OptionsRow
from studio.qt.tools.values import Flag, Values

REST_MS = 700
"""Steps with the arrow keys that follow each other faster are one undo step."""


class MoveTool(Tool):
    """Drags what is chosen; what is drawn meanwhile is a preview at the screen's resolution."""

    id = "move"
    title = N_("Move")
    icon = "move"
    shortcut = "V"
    hint = N_(
        "Drag to move the layer or the selected pixels; Shift keeps the direction, Ctrl does not "
        "snap. Arrow keys move by 1 pixel, with Shift by 10."
    )
    group = "transform"

    def __init__(self, desk: ToolDesk) -> None:
        super().__init__(desk)
        fields = (
            Flag("auto", N_("Choose the layer under the pointer"), default=False),
            Flag("outline", N_("Show the outline"), default=True),
        )
        self.values = Values("move", fields, desk.workspace.services.settings, self)
        self.values.changed.connect(self._keep_values)
        self._document: Document | None = None
        self._target: Target | None = None
        self._start: Pointer | None = None
        self._snapper = Snapper()
        self._preview: FloatingPreview | None = None
        self._applying = False
        self._shift = (0, 0)
        self._nudge: Transaction | None = None
        self._nudged: Target | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._end_nudge)

    @property
    @override
    def busy(self) -> bool:
        return self._start is not None

    @property
    def shift(self) -> tuple[int, int]:
        """How far the target is dragged now."""
        return self._shift

    def _keep_values(self, _changed: str) -> None:
        self.values.save()
        self.repaint.emit()

    @override
    def deactivate(self) -> None:
        self._end_nudge()
        self._drop()

    # Dragging

    @override
    def press(self, p: Pointer) -> None:
        document = self.desk.document
        if document is None or self._applying:
            return
        self._end_nudge()
        if self.values.flag("auto"):
            _choose_under(document, p)
        target = target_of(document.picture)
        self._document, self._target, self._start = document, target, p
        moving = [node.id for node in document.picture.layers if _is_part(document, node, target)]
        self._snapper = snapper(self.desk, moving)
        self._preview = FloatingPreview(
            self.desk.workspace, self.desk.canvas, document.picture, target
        )
        self._preview.ready.connect(self.repaint)
        self._shift = (0, 0)

    @override
    def move(self, p: Pointer) -> None:
        start, target = self._start, self._target
        if start is None or target is None:
            return
        dx, dy = p.x - start.x, p.y - start.y
        if p.holds(Qt.KeyboardModifier.ShiftModifier):
            dx, dy = (dx, 0.0) if abs(dx) >= abs(dy) else (0.0, dy)
        if not p.holds(Qt.KeyboardModifier.ControlModifier):
            area = target.area
            snap = self._snapper.box(area.x + dx, area.y + dy, area.width, area.height)
            straight = p.holds(Qt.KeyboardModifier.ShiftModifier)
            dx += 0 if straight and dx == 0 else snap[0]
            dy += 0 if straight and dy == 0 else snap[1]
        self._shift = (round(dx), round(dy))
        self.repaint.emit()

    @override
    def release(self, p: Pointer) -> None:
        if self._start is None:
            return
        self._start = None
        self.commit()

    @override
    def commit(self) -> None:
        document, target = self._document, self._target
        self._start = None
        if document is None or target is None or self._shift == (0, 0):
            self._drop()
            return
        self._applying = True
        cost = node_cost(document.picture, target.node_id)
        edit = move(target, *self._shift)
        edits = self.desk.workspace.edits
        edits.apply(document, _title(target), edit, cost, lambda _: self._drop(), self)

    @override
    def cancel(self) -> None:
        self._drop()

    def _drop(self) -> None:
        self._start = self._target = self._document = None
        self._applying = False
        self._shift = (0, 0)
        if self._preview is not None:
            self._preview.close()
            self._preview = None
        self.repaint.emit()

    # Keys

    @override
    def wants(self, event: QKeyEvent) -> bool:
        return super().wants(event) or event.key() in ARROWS

    @override
    def key_press(self, event: QKeyEvent) -> bool:
        plain = event.modifiers() & ~(
            Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        )
        if event.key() not in ARROWS or plain or self._start is not None or self._applying:
            return False
        far = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        dx, dy = ARROWS[Qt.Key(event.key())]
        self.nudge(dx * far, dy * far)
        return True

    def nudge(self, dx: int, dy: int) -> None:
        """Move by whole pixels; steps in quick succession are one undo step.

        Raises:
            UserError: if there is nothing that can be moved.
        """
        document = self.desk.document
        if document is None:
            return
        if self._nudge is None or not self._nudge.open:
            target = target_of(document.picture)
            cost = node_cost(document.picture, target.node_id)
            if cost > AT_ONCE:
                edit = move(target, dx, dy)
                self._applying = True
                edits = self.desk.workspace.edits
                edits.apply(document, _title(target), edit, cost, lambda _: self._drop(), self)
                return
            self._nudge, self._nudged, self._shift = document.begin(_title(target)), target, (0, 0)
        if self._nudged is None:
            return
        self._shift = (self._shift[0] + dx, self._shift[1] + dy)
        self._nudge.update(move(self._nudged, *self._shift))
        self._rest.start()
        self.repaint.emit()

    def _end_nudge(self) -> None:
        self._rest.stop()
        nudge, self._nudge = self._nudge, None
        if nudge is not None:
            self._shift = (0, 0)
            nudge.commit()

    # Showing

    @override
    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        target = self._target
        if target is None or self._preview is None:
            return
        dx, dy = self._shift
        if (dx, dy) != (0, 0):
            self._preview.paint(painter, canvas, translation(dx, dy))
        else:
            self._preview.prepare()
        if self.values.flag("outline"):
            area = target.area
            moved = Rect(area.x + dx, area.y + dy, area.width, area.height)
            corners = ((moved.x, moved.y), (moved.right, moved.y), (moved.right, moved.bottom),
                       (moved.x, moved.bottom))  # fmt: skip
            draw_outline(painter, [canvas.image_to_view(*at) for at in corners], canvas.ratio)

    @override
    def cursor(self) -> QCursor:
        return QCursor(Qt.CursorShape.SizeAllCursor)

    @override
    def options(self) -> QWidget:
        return OptionsRow(self.values)


def _choose_under(document: Document, p: Pointer) -> None:
    """Make the topmost layer with something at the pointer the active one."""
    picture = document.picture
    pixel = Rect(int(p.x // 1), int(p.y // 1), 1, 1)
    for node, _ in picture.walk():
        if isinstance(node, Layer) and picture.is_visible(node.id):
            alpha = node.raster.read(pixel)[0, 0, 3]
            hidden = node.mask is not None and not node.mask.read(pixel).any()
            if alpha and not hidden:
                document.view_change(set_active(node.id))
                return


def _is_part(document: Document, layer: Layer, target: Target) -> bool:
    return any(node.id == target.node_id for node in document.picture.path(layer.id))


def _title(target: Target) -> str:
    if target.kind == "mask":
        return tr("Move mask")
    return tr("Move selected pixels") if target.kind == "selected" else tr("Move layer")
