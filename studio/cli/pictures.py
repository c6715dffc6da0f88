"""Reading what a run needs: the picture, and the mask and hints that go with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.cli.session import Usage
from studio.document import Array, Picture, Raster
from studio.document.selection import feathered, grown
from studio.files.images import OpenedImage, read_image
from studio.files.profiles import convert


def read_mask(path: Path, grow: int, feather: int, max_pixels: int) -> Array:
    """A mask file as H x W uint8: white = change, transparent = keep.

    Raises:
        UserError: if it cannot be read.
        Usage: if it is coloured.
    """
    pixels = read_image(path, max_pixels=max_pixels).pixels
    gray = pixels[..., 0]
    maximum = np.iinfo(pixels.dtype).max
    # A tolerance, because JPEG leaves a trace of colour in gray.
    low, high = pixels[..., :3].min(axis=2), pixels[..., :3].max(axis=2)
    if ((high - low) > maximum // 16).any():
        raise Usage(
            f"The mask {path} is not gray.", "White is changed, black is kept, gray is blended."
        )
    share = gray.astype(np.float32) * (pixels[..., 3].astype(np.float32) / maximum)
    mask: Array = np.rint(share * np.float32(255 / maximum)).astype(np.uint8)
    return feathered(grown(mask, grow), feather)


def read_hints(path: Path, max_pixels: int) -> Array:
    """A hints file as H x W x 4 straight sRGB.

    Raises:
        UserError: if it cannot be read.
        Usage: if nothing in it is transparent, or everything is.
    """
    opened = read_image(path, max_pixels=max_pixels)
    pixels = opened.pixels
    alpha = pixels[..., 3]
    if not alpha.any() or (alpha == np.iinfo(alpha.dtype).max).all():
        wrong = "no color in it" if not alpha.any() else "nothing transparent in it"
        raise Usage(
            f"The hints {path} have {wrong}.",
            "Hints are an RGBA picture: transparent where nothing is known, in color where it is.",
        )
    return convert(pixels, opened.metadata.icc, None)


def check_hints(hints: Array, picture: Picture, source: Path) -> None:
    """Refuse hints of another size than the picture they are for.

    Raises:
        Usage: with both sizes.
    """
    if hints.shape[:2] != (picture.height, picture.width):
        raise Usage(
            f"The hints are {hints.shape[1]} x {hints.shape[0]} pixels, "
            f"and {source} is {picture.width} x {picture.height}.",
            "Hints have the size of their picture.",
        )


def with_mask(opened: OpenedImage, mask: Array | None, source: Path) -> Picture:
    """The picture to run on, its mask as the selection.

    Raises:
        Usage: if their sizes differ.
    """
    picture = Picture.from_pixels(opened.pixels, icc=opened.metadata.icc)
    if mask is None:
        return picture
    if mask.shape != (picture.height, picture.width):
        raise Usage(
            f"The mask is {mask.shape[1]} x {mask.shape[0]} pixels, "
            f"and {source} is {picture.width} x {picture.height}.",
            "A mask has the size of its picture.",
        )
    return picture.replaced(selection=Raster.from_array(mask[..., None]))
