"""A handle from which the picture, or with Alt the layer, is dragged to other programs."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QDrag, QGuiApplication, QImage, QMouseEvent, QPixmap
from PySide6.QtWidgets import QApplication, QToolButton

from studio.document import Group, Picture, Rect, composite
from studio.files.codec import SaveOptions
from studio.files.metadata import Metadata
from studio.files.pixels import resize, to_8_bits
from studio.qt.color import to_monitor
from studio.qt.i18n import tr
from studio.qt.transfer.clipboard import FileMime
from studio.qt.transfer.compare import image_of
from studio.qt.workspace import Workspace

THUMBNAIL = 96


def write_png(picture: Picture, metadata: Metadata, path: Path) -> None:
    """Write what a picture shows as a PNG file."""
    from studio.files.documents import write_document

    write_document(path, picture, metadata, SaveOptions(compression=1))


def file_name(name: str) -> str:
    """A file's name from a document's or layer's, on any system."""
    stem = re.sub(r'[\x00-\x1f<>:"/\\|?*]+', " ", Path(name).stem if name else "").strip(" .")
    return f"{stem[:80] or 'picture'}.png"


def only_active(picture: Picture) -> Picture:
    """The picture with nothing but its active layer or group, fully shown."""
    node = picture.active_node
    return picture.replaced(nodes=(node.replaced(visible=True, opacity=1.0),), active=node.id)


def thumbnail(picture: Picture) -> QPixmap:
    """A small view under the pointer, from every n-th pixel: quick at any size."""
    side = max(picture.width, picture.height)
    step = max(1, side // (2 * THUMBNAIL))
    middle = Rect(0, 0, picture.width, picture.height)
    if picture.width * picture.height > 4_000_000:  # too much to composite at once
        size = min(1500, picture.width), min(1500, picture.height)
        middle = Rect(
            (picture.width - size[0]) // 2, (picture.height - size[1]) // 2, size[0], size[1]
        )
        step = max(1, max(size) // (2 * THUMBNAIL))
    pixels = composite(picture, middle)[::step, ::step]
    share = THUMBNAIL / max(pixels.shape[:2])
    if share < 1:
        width, height = (max(1, round(n * share)) for n in pixels.shape[1::-1])
        pixels = resize(pixels.copy(), width, height)
    image: QImage = image_of(to_8_bits(to_monitor(pixels, picture.icc)))
    return QPixmap.fromImage(image)


class DragHandle(QToolButton):
    """In the status bar; the file is written when somebody asks for it."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._pressed: QPoint | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        workspace.theme.bind(self, "drag-out", "muted", 16)
        self.setIconSize(QSize(16, 16))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(tr("Drag the picture out"))
        self.setToolTip(
            tr("Drag the picture from here to another program; with Alt the layer only")
        )
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Remember where a drag may begin."""
        self._pressed = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Begin the drag once the pointer has moved far enough."""
        if self._pressed is None:
            return
        far = (event.position().toPoint() - self._pressed).manhattanLength()
        if far >= QApplication.startDragDistance():
            self._pressed = None
            alt = QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.AltModifier
            self.drag(layer=bool(alt))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002, N802 - Qt's name
        """No drag."""
        self._pressed = None

    def mime(self, *, layer: bool) -> FileMime | None:
        """What is dragged; None without a document."""
        session = self._workspace.session
        if session.document is None:
            return None
        picture, metadata = session.document.picture, session.source.metadata
        name = picture.active_node.name if layer else session.name
        shown = only_active(picture) if layer else picture
        if layer and isinstance(picture.active_node, Group) and not shown.layers:
            return None
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="impasto-drag-")
        # A folder for each drag, as a program may still be reading the file of the one before.
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        return FileMime(folder / file_name(name), lambda path: write_png(shown, metadata, path))

    def drag(self, *, layer: bool) -> None:
        """Let the user drop it somewhere."""
        mime = self.mime(layer=layer)
        document = self._workspace.session.document
        if mime is None or document is None:
            return
        # While the pointer is still under way.
        self._workspace.background.run(mime.prepare, lambda _: None)
        drag = QDrag(self)
        drag.setMimeData(mime)
        drag.setPixmap(thumbnail(only_active(document.picture) if layer else document.picture))
        drag.exec(Qt.DropAction.CopyAction)

    def close_files(self) -> None:
        """Delete the files of past drags."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
