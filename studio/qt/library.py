"""Galleries of reference pictures in a window: thumbnails, and adding one's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication, QPixmap

from studio.api.errors import UserError
from studio.api.galleries import picture_title
from studio.document import Array, Layer, Picture, composite
from studio.files.images import read_image
from studio.files.openraster.planes import content_box
from studio.host.galleries import Galleries, GalleryPicture, gallery_name
from studio.host.services import Services
from studio.qt.background import Background
from studio.qt.i18n import tr
from studio.qt.messages import MessageBar
from studio.qt.session import Session
from studio.qt.thumbnails import Thumbnails, read_thumbnail
from studio.qt.transfer.clipboard import Load, loader

Added = Callable[[GalleryPicture], None]
Found = tuple[str, Array, bytes | None]
"""A title, pixels, and their profile."""


class Library(QObject):
    """What controls for reference pictures show, and where they put new ones.

    Signals:
        changed: the id of a gallery to which a picture was added, or from which one was removed.
    """

    changed = Signal(str)

    def __init__(
        self,
        services: Services,
        background: Background,
        messages: MessageBar,
        session: Session,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._services, self._background = services, background
        self._messages, self._session = messages, session
        self._thumbnails = Thumbnails(background, self)

    @property
    def galleries(self) -> Galleries:
        """The galleries as they are now."""
        return self._services.galleries

    def pictures(self, gallery: str) -> tuple[GalleryPicture, ...]:
        """The pictures of a gallery as they are now."""
        return self.galleries.pictures(gallery)

    def title(self, source: str) -> str:
        """What is said of a parameter's value."""
        name = gallery_name(source)
        return tr(picture_title(name)) if name is not None else Path(source).name

    def thumbnail(self, path: Path, owner: QObject, show: Callable[[QPixmap | None], None]) -> None:
        """Call ``show`` with a picture's thumbnail, now or later; None if it cannot be read."""
        try:
            changed = path.stat().st_mtime_ns
        except OSError:
            changed = 0
        self._thumbnails.get(f"{path} {changed}", lambda: read_thumbnail(path), owner, show)

    def locate(self, source: str, gallery: str) -> Path | None:
        """The file of a parameter's value; None if no gallery has it."""
        try:
            return self.galleries.locate(source, (gallery,))
        except UserError:
            return None

    # Adding and removing one's own

    def layers(self) -> tuple[tuple[str, str], ...]:
        """Id and name of the layers of the document in front, topmost first."""
        picture = self._picture
        if picture is None:
            return ()
        return tuple((layer.id, layer.name) for layer in reversed(picture.layers))

    def add_file(self, path: Path, gallery: str, added: Added) -> None:
        """Keep a copy of a file in a gallery, then call ``added``."""
        limit = self._limit

        def work() -> Found:
            opened = read_image(path, max_pixels=limit)
            return path.stem, opened.pixels, opened.metadata.icc

        self._add(work, gallery, added)

    def add_layer(self, layer_id: str | None, gallery: str, added: Added) -> None:
        """Keep what a layer holds, or with None what the whole picture shows."""
        picture = self._picture
        if picture is None:
            return
        name = self._session.name
        layer = picture.layer(layer_id) if layer_id is not None else None
        self._add(lambda: _of_document(picture, layer, Path(name).stem), gallery, added)

    @property
    def has_clipboard(self) -> bool:
        """Whether there is a picture on the clipboard."""
        return self._clipboard() is not None

    def add_clipboard(self, gallery: str, added: Added) -> None:
        """Keep the picture on the clipboard."""
        load = self._clipboard()
        if load is None:
            self._messages.show_error(
                UserError(tr("There is no picture on the clipboard."), tr("Copy one first."))
            )
            return

        def work() -> Found:
            clip = load()
            return clip.name or "clipboard", clip.pixels, clip.icc

        self._add(work, gallery, added)

    def remove(self, picture: GalleryPicture, gallery: str) -> None:
        """Delete one of the user's own pictures."""
        try:
            self.galleries.remove(picture)
        except UserError as error:
            self._messages.show_error(error)
        self.changed.emit(gallery)

    def _add(self, find: Callable[[], Found], gallery: str, added: Added) -> None:
        galleries = self.galleries

        def work() -> GalleryPicture:
            return galleries.add(gallery, *find())

        def done(picture: GalleryPicture) -> None:
            self.changed.emit(gallery)
            added(picture)

        self._background.run(work, done, self._messages.show_error, self)

    def _clipboard(self) -> Load | None:
        return loader(QGuiApplication.clipboard().mimeData(), self._limit)

    @property
    def _limit(self) -> int:
        return self._services.settings.max_megapixels * 1_000_000

    @property
    def _picture(self) -> Picture | None:
        document = self._session.document
        return None if document is None else document.picture


def _of_document(picture: Picture, layer: Layer | None, name: str) -> Found:
    """What a layer holds, cut to what is not transparent; or the whole picture."""
    if layer is None:
        return name, composite(picture), picture.icc
    box = content_box(layer.raster).intersected(picture.bounds)
    if box.empty:
        raise UserError(
            tr("The layer {name} is empty.", name=layer.name), tr("Choose another one.")
        )
    return layer.name, layer.raster.read(box), picture.icc
