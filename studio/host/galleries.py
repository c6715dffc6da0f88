"""Galleries of reference pictures: those that plugins bring, and the user's own beside them."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from studio.api.errors import UserError
from studio.api.galleries import BUNDLED_SCHEME, GALLERY_SCHEME, Gallery, picture_title
from studio.api.parameters import Parameters, describe
from studio.document import Array
from studio.files.formats import READABLE_SUFFIXES
from studio.files.images import write_image
from studio.files.metadata import Metadata
from studio.host.recovery import data_folder

P = TypeVar("P", bound=Parameters)
LONGEST = 4096
"""Pixels of the longer side of a picture that is kept as one's own: enough for a reference."""
_LONGEST_NAME = 60


@dataclass(frozen=True)
class GalleryPicture:
    """One picture of a gallery.

    Attributes:
        name: as it stands behind ``gallery:``.
        title: the same in words.
        path: its file.
        own: whether the user put it there.
    """

    name: str
    title: str
    path: Path
    own: bool

    @property
    def source(self) -> str:
        """The value of a parameter that it is chosen for."""
        return GALLERY_SCHEME + self.name


def gallery_name(source: str) -> str | None:
    """The name in ``gallery:NAME``; None for the path of a file."""
    return source.removeprefix(GALLERY_SCHEME) if source.startswith(GALLERY_SCHEME) else None


class Galleries:
    """The galleries that are declared, and their folders of the user's own pictures.

    Folders are read at each question, so that what is put into them is there at once.

    Args:
        declared: by the plugins.
        own: folder with a folder of the user's own pictures per gallery; None is the one in the
            user's data.
    """

    def __init__(self, declared: Iterable[Gallery] = (), own: Path | None = None) -> None:
        self._declared = {gallery.id: gallery for gallery in declared}
        self._own = own or data_folder() / "galleries"

    @property
    def ids(self) -> tuple[str, ...]:
        """Of all declared galleries."""
        return tuple(self._declared)

    def gallery(self, id: str) -> Gallery | None:
        """The gallery with this id, if a plugin declares it."""
        return self._declared.get(id)

    def own_folder(self, id: str) -> Path:
        """Where the user's own pictures of a gallery lie; it may not exist yet."""
        return self._own / id

    def pictures(self, id: str) -> tuple[GalleryPicture, ...]:
        """The pictures of a gallery, bundled ones first, each by name.

        Of two with the same name the bundled one counts, so that a recipe means the same elsewhere.
        """
        gallery = self._declared.get(id)
        found: dict[str, GalleryPicture] = {}
        given = gallery is not None and bool(gallery.folder)
        folders = [(_folder(gallery), False)] if gallery is not None and given else []
        for folder, own in [*folders, (self.own_folder(id), True)]:
            for path in _files(folder):
                name = path.stem
                found.setdefault(name, GalleryPicture(name, picture_title(name), path, own))
        return tuple(found.values())

    def locate(self, source: str, first: Iterable[str] = ()) -> Path:
        """The file of a parameter's value: of ``gallery:NAME``, or the path itself.

        Args:
            source: the value.
            first: galleries to look into before the others.

        Raises:
            UserError: if no gallery has a picture of this name, with those that come close.
        """
        name = gallery_name(source)
        if name is None:
            return Path(source)
        known: dict[str, GalleryPicture] = {}
        for gallery in dict.fromkeys((*first, *self.ids)):
            for picture in self.pictures(gallery):
                known.setdefault(picture.name, picture)
        folded = {other.casefold(): picture for other, picture in known.items()}
        found = known.get(name) or folded.get(name.casefold())
        if found is None:
            raise UserError(f'There is no picture "{name}" in a gallery.', _advice(name, known))
        return found.path

    def check(self, source: str, gallery: str) -> None:
        """Refuse a value before a run: a file that is not there, a name that no gallery has.

        Raises:
            UserError: saying what is wrong and what there is.
        """
        if gallery_name(source) is not None and not gallery:
            raise UserError(
                f"{source} is no file, and there is no gallery to choose from here.",
                "Give the path of a picture.",
            )
        path = self.locate(source, (gallery,))
        if not path.is_file():
            raise UserError(
                f'There is no file "{path}".', "Check the name; it may have been moved or renamed."
            )

    def add(self, id: str, title: str, pixels: Array, icc: bytes | None = None) -> GalleryPicture:
        """Keep a picture as the user's own.

        Args:
            id: of the gallery.
            title: what its name is made of, such as a file's or a layer's name.
            pixels: H x W x 4 straight RGBA, uint8 or uint16; reduced to `LONGEST` if longer.
            icc: their profile; None is sRGB.

        Raises:
            UserError: if it cannot be written.
        """
        folder = self.own_folder(id)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"The folder {folder} cannot be made: {error.strerror or error}.",
                "Check that you may write there.",
            ) from error
        taken = {picture.name.casefold() for picture in self.pictures(id)}
        taken |= {path.stem.casefold() for path in _files(folder)}
        name = _free(_slug(title), taken)
        path = folder / f"{name}.png"
        write_image(path, _fitting(pixels), Metadata(icc=icc))
        return GalleryPicture(name, picture_title(name), path, own=True)

    def remove(self, picture: GalleryPicture) -> None:
        """Delete one of the user's own pictures.

        Raises:
            UserError: if it is not the user's, or cannot be deleted.
        """
        if not picture.own or not picture.path.is_relative_to(self._own):
            raise UserError(
                f"{picture.title} comes with Impasto.", "Your own pictures can be removed."
            )
        try:
            picture.path.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(
                f"{picture.path} cannot be deleted: {error.strerror or error}.",
                "Check that you may write there.",
            ) from error


def as_files(parameters: P, galleries: Galleries) -> P:
    """Parameters whose reference pictures are paths of files, for who has no `Context.picture`.

    Raises:
        UserError: if no gallery has a picture of a name, with those that come close.
    """
    found: dict[str, object] = {}
    for spec in describe(type(parameters)):
        value = getattr(parameters, spec.name)
        if spec.kind == "picture" and value is not None:
            found[spec.name] = str(galleries.locate(value, (spec.gallery,)))
        elif spec.kind == "pictures":
            found[spec.name] = tuple(
                each._replace(source=str(galleries.locate(each.source, (spec.gallery,))))
                for each in value
            )
    return parameters.model_copy(update=found) if found else parameters


def _folder(gallery: Gallery) -> Path:
    if isinstance(gallery.folder, Path):
        return gallery.folder
    import studio_resources

    root = Path(studio_resources.__file__).parent
    return root / gallery.folder.removeprefix(BUNDLED_SCHEME)


def _files(folder: Path) -> list[Path]:
    """The pictures in a folder, by name; none if there is no such folder."""
    try:
        found = [
            path
            for path in folder.iterdir()
            if path.suffix.lower() in READABLE_SUFFIXES and not path.name.startswith((".", "_"))
        ]
    except OSError:
        return []
    return sorted(found, key=lambda path: (path.stem.casefold(), path.name))


def _advice(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {' or '.join(GALLERY_SCHEME + other for other in close)}?"
    if not names:
        return "No gallery has pictures. Give the path of a picture."
    return f"There are {', '.join(names)}."


def _slug(title: str) -> str:
    """A file's name that every system takes, in lower case with dashes; letters of all languages."""
    plain = unicodedata.normalize("NFC", title).casefold()
    name = re.sub(r"[^\w]+", "-", plain).replace("_", "-").strip("-")[:_LONGEST_NAME].strip("-")
    return name or "picture"


def _free(name: str, taken: set[str]) -> str:
    number, free = 2, name
    while free.casefold() in taken:
        free, number = f"{name}-{number}", number + 1
    return free


def _fitting(pixels: Array) -> Array:
    height, width = pixels.shape[:2]
    share = LONGEST / max(height, width)
    if share >= 1:
        return np.ascontiguousarray(pixels)
    size = (max(round(width * share), 1), max(round(height * share), 1))
    reduced: Array = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    return reduced
