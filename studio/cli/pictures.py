"""Reading what a run needs: the picture, and the mask and hints that go with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.api.errors import UserError
from studio.cli.session import Usage
from studio.document import Array, Picture
from studio.document.selection import feathered, grown
from studio.files.images import OpenedImage, read_image
from studio.host import inputs


def read_mask(path: Path, grow: int, feather: int, max_pixels: int) -> Array:
    """A mask file as H x W uint8: white = change, transparent = keep.

    Raises:
        UserError: if it cannot be read.
        Usage: if it is coloured.
    """
    pixels = read_image(path, max_pixels=max_pixels).pixels
    with _usage():
        mask = inputs.mask_of(pixels, f"The mask {path}")
    return feathered(grown(mask, grow), feather)


def read_hints(path: Path, max_pixels: int) -> Array:
    """A hints file as H x W x 4 straight sRGB.

    Raises:
        UserError: if it cannot be read.
        Usage: if nothing in it is transparent, or everything is.
    """
    opened = read_image(path, max_pixels=max_pixels)
    with _usage():
        return inputs.hints_of(opened.pixels, opened.metadata.icc, f"The hints {path}")


def check_hints(hints: Array, picture: Picture, source: Path) -> None:
    """Refuse hints of another size than the picture they are for.

    Raises:
        Usage: with both sizes.
    """
    with _usage():
        inputs.check_hints(hints, picture, str(source))


def with_mask(opened: OpenedImage, mask: Array | None, source: Path) -> Picture:
    """The picture to run on, its mask as the selection.

    Raises:
        Usage: if their sizes differ.
    """
    picture = Picture.from_pixels(opened.pixels, icc=opened.metadata.icc)
    if mask is None:
        return picture
    with _usage():
        return inputs.selected(picture, mask, str(source))


@contextmanager
def _usage() -> Iterator[None]:
    """What is wrong with these files is wrong with the command line that names them."""
    try:
        yield
    except UserError as error:
        raise Usage(error.message, error.hint) from error
