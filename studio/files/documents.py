"""Opening and saving documents: layers where the format has them, one layer otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from studio.api.errors import UserError
from studio.document import Picture, composite
from studio.document.picture import Layer
from studio.files import images
from studio.files.atomic import replace_file
from studio.files.codec import SaveOptions
from studio.files.formats import writable_format
from studio.files.metadata import Metadata
from studio.files.png import read_recipe
from studio.files.provenance import with_label

__all__ = [
    "OpenedDocument",
    "SaveOptions",
    "is_layered",
    "keeps_layers",
    "read_document",
    "recipe_of",
    "write_document",
]


@dataclass(frozen=True)
class OpenedDocument:
    """A document as read.

    Attributes:
        picture: its layers.
        metadata: what a save gives back.
        format: the name of the format, such as "OpenRaster".
    """

    picture: Picture
    metadata: Metadata
    format: str


def read_document(path: Path, *, max_pixels: int = 300_000_000) -> OpenedDocument:
    """Open any picture that Impasto reads; flat ones become one layer named "Background".

    Args:
        path: the file; recognised by its content and not by its suffix.
        max_pixels: larger pictures are refused before anything is allocated.

    Raises:
        UserError: there is no such file, it is no picture, damaged, too large or unsupported.
    """
    path = Path(path)
    with images.opened(path) as (file, name):
        if name in images.LAYERED:
            read = _layered_reader(name)
            picture, metadata = images.guarded(path, name, lambda: read(file, max_pixels))
            return OpenedDocument(picture, metadata, name)
    image = images.read_image(path, max_pixels=max_pixels)
    picture = Picture.from_pixels(image.pixels, icc=image.metadata.icc)
    return OpenedDocument(picture, image.metadata, image.format)


def _layered_reader(name: str) -> Callable[[BinaryIO, int], tuple[Picture, Metadata]]:
    if name == "OpenRaster":
        from studio.files.openraster import read_openraster

        return read_openraster
    from studio.files.psd import read_psd

    return read_psd


def is_layered(picture: Picture) -> bool:
    """Whether a flat format would lose something that can be edited."""
    node = picture.nodes[0]
    return (
        len(picture.nodes) > 1
        or not isinstance(node, Layer)
        or node.mask is not None
        or node.text is not None
    )


def keeps_layers(path: Path) -> bool:
    """Whether the format that a path's suffix names holds layers."""
    try:
        return writable_format(path).layers
    except UserError:
        return False


def recipe_of(path: Path) -> tuple[Mapping[str, Any], ...]:
    """The records of model results that a file carries, oldest first; quick for PNG and OpenRaster.

    Raises:
        UserError: the file cannot be read.
    """
    path = Path(path)
    with images.opened(path) as (file, name):
        if name == "PNG":
            return images.guarded(path, name, lambda: read_recipe(file))
        if name == "OpenRaster":
            from studio.files.openraster.reading import read_records

            return images.guarded(path, name, lambda: read_records(file))
        if name in images.LAYERED:
            return ()
    return images.read_image(path).metadata.recipe


def write_document(
    path: Path, picture: Picture, metadata: Metadata, options: SaveOptions | None = None
) -> tuple[str, ...]:
    """Save a document in the format that the suffix names.

    OpenRaster keeps everything; other formats get what the picture shows. The file is replaced in
    one step: whatever goes wrong, the old one stays. Call it on a thread.

    Args:
        path: where to.
        picture: what to save; its profile is the one that is written.
        metadata: as opened.
        options: quality and the like.

    Returns:
        What the format could not hold, sentences for the user.

    Raises:
        UserError: the suffix is unknown, the picture does not fit the format, or the file cannot
            be written.
    """
    path = Path(path)
    options = options or SaveOptions()
    metadata = replace(metadata, icc=picture.icc)
    kind = writable_format(path)
    if kind.layers and options.size is None and not options.srgb:
        return _write_openraster(path, picture, metadata, options)
    notes: tuple[str, ...] = ()
    if is_layered(picture) and not kind.layers:
        notes = ("The layers were merged into one.",)
    return (*notes, *images.write_image(path, composite(picture), metadata, options))


def _write_openraster(
    path: Path, picture: Picture, metadata: Metadata, options: SaveOptions
) -> tuple[str, ...]:
    from studio.files.openraster import kept, write_openraster

    if not options.metadata:
        metadata = replace(metadata, exif=None, xmp=None, recipe=())
    elif not options.records:
        metadata, _ = with_label(metadata, details=False)
    before = kept.previous(path)
    results: list[tuple[tuple[str, ...], kept.Entries]] = []

    def write(out: BinaryIO) -> None:
        results.append(write_openraster(out, picture, metadata, before))

    try:
        replace_file(path, write)
    except MemoryError as error:
        raise UserError(
            f'"{path.name}" was not saved: there is not enough memory.',
            "Close other pictures or programs and save again.",
        ) from error
    notes, entries = results[0]
    kept.remember(path, picture, entries)
    return notes
