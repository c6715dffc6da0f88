"""Looking at the picture as it was opened, while a key is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence

from studio.document import Document, Picture, Rect
from studio.qt.canvas import CanvasView, Overlay

if TYPE_CHECKING:
    from studio.qt.session import Session


def as_opened(document: Document) -> Picture:
    """The picture as it was last saved or opened; the oldest that is known if that is forgotten."""
    saved = document.saved_picture
    if saved is not None:
        return saved
    steps = document.history.steps
    return steps[0].before if steps else document.picture


class Looking(QObject):
    """Shows the picture as it was opened, until the key is let go.

    Chosen from a menu it lasts until the next key or click on the canvas. With a result over the
    picture it hides the result instead.
    """

    def __init__(self, canvas: CanvasView, session: Session) -> None:
        super().__init__(canvas)
        self._canvas, self._session = canvas, session
        self._overlay: Overlay | None = None
        self._action: QAction | None = None
        self._hiding = False
        canvas.installEventFilter(self)
        session.replaced.connect(self.end)

    def follow(self, action: QAction) -> None:
        """Know the keys of the command."""
        self._action = action
        action.setAutoRepeat(False)

    @property
    def active(self) -> bool:
        """Whether something else than the present picture is shown."""
        return self._hiding or self._overlay is not None

    def begin(self) -> None:
        """Show the picture as it was opened."""
        document = self._session.document
        if document is None or self.active:
            return
        if self._canvas.overlay is not None:
            self._hiding = True
            self._canvas.set_show_before(True)
            return
        picture, present = as_opened(document), document.picture
        if picture is present:
            return
        # A picture of another shape, as before a crop, keeps its own.
        same = abs(picture.width * present.height - picture.height * present.width) < max(
            present.width, present.height
        )
        area = None if same else Rect(0, 0, picture.width, picture.height)
        self._overlay = Overlay(picture, area, divided=False)
        self._canvas.set_overlay(self._overlay)

    def end(self) -> None:
        """Show the present picture again."""
        if self._hiding:
            self._hiding = False
            self._canvas.set_show_before(False)
        overlay, self._overlay = self._overlay, None
        if overlay is not None and self._canvas.overlay is overlay:
            self._canvas.set_overlay(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Notice that the key is let go, or anything else is done."""
        if self.active:
            kind = event.type()
            if kind == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
                if not event.isAutoRepeat() and self._is_own(event):
                    self.end()
            elif kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
                if not self._is_own(event):
                    self.end()
            elif kind in (QEvent.Type.MouseButtonPress, QEvent.Type.FocusOut):
                self.end()
        return super().eventFilter(watched, event)

    def _is_own(self, event: QKeyEvent) -> bool:
        keys = self._action.shortcuts() if self._action is not None else []
        # A modifier may be let go first: only the key itself counts.
        return QKeySequence(event.key()).toString() in [
            key.toString().rpartition("+")[2] for key in keys
        ]
