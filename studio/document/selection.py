"""Making a mask out of a selection: growing it and softening its edge."""

from __future__ import annotations

import cv2
import numpy as np

from studio.document.tiles import Array


def grown(mask: Array, pixels: int) -> Array:
    """``mask`` with everything selected that lies within ``pixels`` of what is mostly selected.

    Args:
        mask: H x W uint8, 255 = selected.
        pixels: distance, 0 or more.

    Returns:
        A new H x W uint8 mask, nowhere smaller than the given one.
    """
    selected = mask >= 128
    if pixels <= 0 or not selected.any():
        return mask.copy()
    # By distance, not by dilation: its cost does not grow with the square of the radius.
    distance = cv2.distanceTransform(
        (~selected).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
    )
    return np.where(np.asarray(distance) <= pixels, np.uint8(255), mask)


def feathered(mask: Array, pixels: int) -> Array:
    """``mask`` with an edge that fades over about ``pixels`` to either side.

    A selection that touches the border of the picture stays full there.

    Args:
        mask: H x W uint8, 255 = selected.
        pixels: half the width of the soft edge, 0 or more; the Gaussian's standard deviation is
            half of it.

    Returns:
        A new H x W uint8 mask.
    """
    if pixels <= 0:
        return mask.copy()
    blurred: Array = np.asarray(
        cv2.GaussianBlur(mask, (0, 0), pixels / 2, borderType=cv2.BORDER_REPLICATE)
    )
    return blurred
