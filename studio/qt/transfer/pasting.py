"""Cut, copy and paste."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QGuiApplication

from studio.api.errors import UserError
from studio.document import Layer, Picture, Rect
from studio.files import clips
from studio.files.clips import Clip
from studio.files.openraster.planes import content_box
from studio.qt.area import Desk
from studio.qt.i18n import tr
from studio.qt.transfer.clipboard import ClipMime, Load, loader


class Pasting:
    """Between the document in front and the clipboard."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._workspace = desk.workspace

    def copy(self) -> None:
        """Copy what is selected of the active layer."""
        self._copy(merged=False, cut=False)

    def copy_merged(self) -> None:
        """Copy what is selected of all that shows."""
        self._copy(merged=True, cut=False)

    def cut(self) -> None:
        """Copy what is selected of the active layer and take it away."""
        self._copy(merged=False, cut=True)

    def _copy(self, *, merged: bool, cut: bool) -> None:
        document = self._workspace.session.document
        if document is None:
            return
        picture = document.picture

        def work() -> tuple[Clip, Picture | None]:
            after = clips.erased(picture) if cut else None
            return clips.copied(picture, merged=merged), after

        def done(result: tuple[Clip, Picture | None]) -> None:
            clip, after = result
            self.put(clip)
            if after is not None:
                document.apply(
                    tr("Cut"), lambda now: after if now is picture else clips.erased(now)
                )
            width, height = clip.size
            self._say(tr("Copied {width} × {height} pixels.", width=width, height=height))

        self._workspace.background.run(work, done, self._failed)

    def put(self, clip: Clip) -> None:
        """Put pixels on the clipboard."""
        mime = ClipMime(clip)
        QGuiApplication.clipboard().setMimeData(mime)
        # So that the program in which it is pasted need not wait for it.
        self._workspace.background.run(mime.prepare, lambda _: None)

    def paste(self) -> None:
        """Add what is on the clipboard as a layer in the middle of the view."""
        if self._workspace.session.document is None:
            self.paste_new()
        else:
            self._paste("centre")

    def paste_in_place(self) -> None:
        """Add it where it was copied from."""
        self._paste("place")

    def paste_into(self) -> None:
        """Add it in the selection's place, masked by the selection."""
        self._paste("selection")

    def paste_new(self) -> None:
        """Open it as a picture of its own."""

        def done(clip: Clip) -> None:
            self._desk.files.show_new(clips.as_new_picture(clip), clip.name or tr("Pasted"))

        self._load(done)

    def _loader(self) -> Load:
        limit = self._workspace.services.settings.max_megapixels * 1_000_000
        load = loader(QGuiApplication.clipboard().mimeData(), limit)
        if load is None:
            raise UserError(
                tr("There is no picture on the clipboard."),
                tr("Copy one in this or another program first."),
            )
        return load

    def _load(self, done: Callable[[Clip], None]) -> None:
        try:
            load = self._loader()
        except UserError as error:
            self._workspace.messages.show_error(error)
            return
        self._workspace.background.run(load, done, self._failed)

    def _paste(self, where: str) -> None:
        document = self._workspace.session.document
        if document is None:
            return
        picture, view = document.picture, self._desk.canvas.visible_region()
        try:
            load = self._loader()
        except UserError as error:
            self._workspace.messages.show_error(error)
            return

        def work() -> Layer:
            clip = load()
            x, y = _place(where, clip, picture, view)
            return clips.as_layer(clip, picture, x, y, tr("Pasted"))

        def done(layer: Layer) -> None:
            if document.picture.dtype != layer.raster.dtype:
                self._paste(where)  # the depth was changed meanwhile
                return
            document.apply(tr("Paste"), clips.pasted(layer, into_selection=where == "selection"))

        self._workspace.background.run(work, done, self._failed)

    def _failed(self, error: BaseException) -> None:
        self._workspace.messages.show_error(error)

    def _say(self, text: str) -> None:
        self._workspace.messages.show_message("success", text)


def _place(where: str, clip: Clip, picture: Picture, view: Rect) -> tuple[int, int]:
    """Where the layer goes, in the picture's coordinates."""
    if where == "place":
        return clip.x, clip.y
    area = view.intersected(picture.bounds)
    if where == "selection" and picture.selection is not None:
        area = content_box(picture.selection)
    return clips.centred(clip.size, picture.bounds if area.empty else area)
