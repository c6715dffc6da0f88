"""Guides: drawn over the picture, dragged out of the rulers, moved, dropped outside to delete."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter
from typing_extensions import override

from studio.document import Guide, Picture, Transaction
from studio.qt.canvas import CanvasView
from studio.qt.geometry.snapping import REACH, Snapper, Switches, make_snapper
from studio.qt.i18n import tr
from studio.qt.tools.toolbox import Toolbox
from studio.qt.workspace import Workspace

NEAR = 5
"""Logical pixels within which a guide is taken hold of."""
COLOR = QColor(0, 190, 235)
_SETTING = "guides"


class Guides(QObject):
    """Draws the guides of the picture and lets them be dragged.

    New ones come out of the rulers with any tool; those there are move with the move tool.
    """

    def __init__(self, workspace: Workspace, canvas: CanvasView, toolbox: Toolbox) -> None:
        super().__init__(canvas)
        self._workspace, self._canvas, self._toolbox = workspace, canvas, toolbox
        stored = workspace.services.settings.tools.get(_SETTING, {})
        self.shown = bool(stored.get("shown", True))
        self.locked = bool(stored.get("locked", False))
        self._transaction: Transaction | None = None
        self._others: tuple[Guide, ...] = ()
        self._held: Guide | None = None
        self._snapper = Snapper()
        canvas.add_decoration(self)
        canvas.installEventFilter(self)
        self._drawn: tuple[Guide, ...] = ()
        workspace.session.changed.connect(self._follow)

    def set_shown(self, shown: bool) -> None:
        """Show or hide them; hidden ones are not snapped to by eye, but still there."""
        self.shown = shown
        self._remember()
        self._canvas.update()

    def set_locked(self, locked: bool) -> None:
        """Keep them where they are, or let them be moved."""
        self.locked = locked
        self._remember()

    def clear(self) -> None:
        """Delete all, as one step."""
        document = self._workspace.session.document
        if document is not None and document.picture.guides:
            document.apply(tr("Clear guides"), lambda picture: picture.replaced(guides=()))

    def add(self, guide: Guide) -> None:
        """Add one, as one step."""
        document = self._workspace.session.document
        if document is not None:
            document.apply(
                tr("Add guide"),
                lambda picture: picture.replaced(guides=(*picture.guides, guide)),
            )
            if not self.shown:
                self.set_shown(True)

    def _follow(self) -> None:
        """Draw the view anew only if the guides are others: a stroke changes the picture often."""
        document = self._workspace.session.document
        guides = () if document is None else document.picture.guides
        if guides != self._drawn:
            self._drawn = guides
            self._canvas.update()

    def _remember(self) -> None:
        values = {"shown": self.shown, "locked": self.locked}
        self._workspace.services.settings.remember_tool(_SETTING, values)

    # Drawing

    def paint(self, painter: QPainter, canvas: CanvasView) -> None:
        """Draw them across the whole view."""
        document = self._workspace.session.document
        if document is None or not (self.shown or self._held is not None):
            return
        width, height = canvas.viewport.width, canvas.viewport.height
        line = max(round(canvas.ratio), 1)
        for guide in document.picture.guides:
            at = canvas.image_to_view(guide.position, guide.position)
            if guide.vertical:
                painter.fillRect(QRectF(round(at.x()) - line // 2, 0, line, height), COLOR)
            else:
                painter.fillRect(QRectF(0, round(at.y()) - line // 2, width, line), COLOR)

    # Dragging

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QMouseEvent):
            return False
        kind, left = event.type(), event.button() == Qt.MouseButton.LeftButton
        if kind == QEvent.Type.MouseButtonPress and left:
            return self._press(event.position())
        if self._held is None:
            return kind == QEvent.Type.MouseMove and not event.buttons() and self._hover(event)
        if kind == QEvent.Type.MouseMove:
            self._move(event)
            return True
        if kind == QEvent.Type.MouseButtonRelease and left:
            self._release(event.position())
            return True
        return False

    def _press(self, position: QPointF) -> bool:
        document = self._workspace.session.document
        if document is None or self._canvas.panning or self._canvas.overlay is not None:
            return False
        picture = document.picture
        found = self._new_at(position) if self._canvas.rulers else None
        title = tr("Add guide")
        if found is None:
            found = self._guide_at(position, picture)
            title = tr("Move guide")
        if found is None:
            return False
        self._others = tuple(guide for guide in picture.guides if guide is not found)
        self._held = found
        switches = Switches.of(self._workspace.services.settings)
        reach = REACH * self._canvas.ratio / self._canvas.zoom
        bare = picture.replaced(guides=())
        self._snapper = make_snapper(bare, switches, reach)
        self._transaction = document.begin(title)
        return True

    def _new_at(self, position: QPointF) -> Guide | None:
        """A guide that comes out of the ruler under a point; the corner belongs to none."""
        at = self._canvas.to_device(position)
        if at.y() < 0 <= at.x():
            return Guide(vertical=False, position=-1e9)
        if at.x() < 0 <= at.y():
            return Guide(vertical=True, position=-1e9)
        return None

    def _guide_at(self, position: QPointF, picture: Picture) -> Guide | None:
        if self.locked or not self.shown or self._toolbox.current.id != "move":
            return None
        point = self._canvas.to_image(position)
        near = NEAR * self._canvas.ratio / self._canvas.zoom
        found = [
            (abs((point.x() if guide.vertical else point.y()) - guide.position), i)
            for i, guide in enumerate(picture.guides)
        ]
        distance, index = min(found, default=(near + 1, 0))
        return picture.guides[index] if distance <= near else None

    def _hover(self, event: QMouseEvent) -> bool:
        """Show that a guide can be taken hold of; the tool then need not hear of the pointer."""
        document = self._workspace.session.document
        if document is None or self._canvas.panning:
            return False
        found = self._guide_at(event.position(), document.picture)
        if found is None:
            return False
        split = Qt.CursorShape.SplitHCursor if found.vertical else Qt.CursorShape.SplitVCursor
        self._canvas.setCursor(split)
        return True

    def _move(self, event: QMouseEvent) -> None:
        if self._transaction is None or self._held is None or not self._transaction.open:
            return
        point = self._canvas.to_image(event.position())
        value = point.x() if self._held.vertical else point.y()
        free = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if not free:
            snapped = (
                self._snapper.column(value) if self._held.vertical else self._snapper.row(value)
            )
            value = snapped if snapped != value else float(round(value))
        self._held = dataclasses.replace(self._held, position=value)
        guides = (*self._others, self._held)
        self._transaction.show(self._transaction.before.replaced(guides=guides))
        self._canvas.pointed(event.position())

    def _release(self, position: QPointF) -> None:
        transaction, self._transaction = self._transaction, None
        held, self._held = self._held, None
        if transaction is None or held is None or not transaction.open:
            return
        at, ratio = self._canvas.to_device(position), self._canvas.ratio
        picture = transaction.before
        inside = (
            0 <= at.x() < self._canvas.width() * ratio - self._canvas.inset
            and 0 <= at.y() < self._canvas.height() * ratio - self._canvas.inset
            and 0 <= held.position <= (picture.width if held.vertical else picture.height)
        )
        if not inside:
            if len(self._others) == len(picture.guides):
                transaction.cancel()
            else:
                transaction.title = tr("Delete guide")
                transaction.show(picture.replaced(guides=self._others))
                transaction.commit()
            return
        transaction.commit()
        if not self.shown:
            self.set_shown(True)
