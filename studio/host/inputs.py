"""What goes with a picture into a run, out of pictures: a mask, and hints."""

from __future__ import annotations

import numpy as np

from studio.api.errors import UserError
from studio.document import Array, Picture, Raster
from studio.files.profiles import convert


def mask_of(pixels: Array, name: str = "The mask") -> Array:
    """A gray picture as a mask: white = change, transparent = keep.

    Args:
        pixels: H x W x 4 straight RGBA, uint8 or uint16.
        name: what messages call it.

    Returns:
        H x W uint8, 255 = change.

    Raises:
        UserError: if it is coloured.
    """
    maximum = np.iinfo(pixels.dtype).max
    # A tolerance, because JPEG leaves a trace of colour in gray.
    low, high = pixels[..., :3].min(axis=2), pixels[..., :3].max(axis=2)
    if ((high - low) > maximum // 16).any():
        raise UserError(f"{name} is not gray.", "White is changed, black is kept, gray is blended.")
    share = pixels[..., 0].astype(np.float32) * (pixels[..., 3].astype(np.float32) / maximum)
    mask: Array = np.rint(share * np.float32(255 / maximum)).astype(np.uint8)
    return mask


def hints_of(pixels: Array, icc: bytes | None, name: str = "The hints") -> Array:
    """A picture as color hints: H x W x 4 straight sRGB, transparent where nothing is known.

    Args:
        pixels: H x W x 4 straight RGBA, uint8 or uint16.
        icc: its profile; None means sRGB.
        name: what messages call it.

    Raises:
        UserError: if nothing in it is transparent, or everything is.
    """
    alpha = pixels[..., 3]
    if not alpha.any() or (alpha == np.iinfo(alpha.dtype).max).all():
        wrong = "no color in it" if not alpha.any() else "nothing transparent in it"
        raise UserError(
            f"{name} have {wrong}.",
            "Hints are an RGBA picture: transparent where nothing is known, in color where it is.",
        )
    return convert(pixels, icc, None)


def selected(picture: Picture, mask: Array, name: str = "the picture") -> Picture:
    """A picture with a mask as its selection, as given.

    Args:
        picture: what the mask is for.
        mask: H x W uint8, 255 = change.
        name: what messages call the picture.

    Raises:
        UserError: if the sizes differ.
    """
    if mask.shape != (picture.height, picture.width):
        raise UserError(
            f"The mask is {mask.shape[1]} x {mask.shape[0]} pixels, "
            f"and {name} is {picture.width} x {picture.height}.",
            "A mask has the size of its picture.",
        )
    return picture.replaced(selection=Raster.from_array(mask[..., None]))


def check_hints(hints: Array, picture: Picture, name: str = "the picture") -> None:
    """Refuse hints of another size than the picture they are for.

    Raises:
        UserError: with both sizes.
    """
    if hints.shape[:2] != (picture.height, picture.width):
        raise UserError(
            f"The hints are {hints.shape[1]} x {hints.shape[0]} pixels, "
            f"and {name} is {picture.width} x {picture.height}.",
            "Hints have the size of their picture.",
        )
