"""What becomes of the result of an operation that follows drawing: an image, or a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from studio.document import Layer, Picture, Raster, composite
from studio.document.edits import Edit
from studio.document.layer_edits import add_node
from studio.document.nodes import swapped
from studio.files.pixels import to_8_bits
from studio.host.results import ResultImage, RunResult
from studio.qt.color import to_monitor
from studio.qt.transfer.compare import image_of

if TYPE_CHECKING:
    from PySide6.QtGui import QImage


def image_of_result(result: RunResult, stand_in: Picture) -> QImage:
    """The result alone, without the layers over and under it, for the monitor."""
    after = result.edit()(stand_in)
    made = [after.layer(image.layer) for image in result.images if image.layer is not None]
    if made and made[0] is not None:
        pixels = made[0].raster.read(after.bounds)
    else:
        alone = tuple(layer for layer in after.layers if stand_in.layer(layer.id) is None)
        active = alone[-1].id if alone else after.active
        pixels = composite(after.replaced(nodes=alone or after.nodes, active=active))
    return image_of(to_monitor(to_8_bits(pixels), after.icc))


def as_layers(result: RunResult) -> Edit:
    """The edit that puts a result on new layers and leaves what is drawn on the active one.

    Where the drawing has transparent parts its lines stay on top, and the result goes beneath it;
    an opaque drawing would hide it, so there it goes above.
    """

    def edit(picture: Picture) -> Picture:
        result.check_size(picture)
        drawn = picture.layer(result.request.layer or picture.active) or picture.active_layer
        alpha = drawn.raster.read(picture.bounds)[..., 3]
        opaque = bool((alpha == np.iinfo(alpha.dtype).max).all())
        after = picture
        for image in result.images:
            layer = _layer(image)
            if opaque:
                after = add_node(layer, above=after.active)(after)
            else:
                nodes = swapped(after.nodes, drawn.id, (layer, drawn))
                after = after.replaced(nodes=nodes)
        return after.replaced(active=picture.active, mask_active=picture.mask_active)

    return edit


def _layer(image: ResultImage) -> Layer:
    pixels = image.pixels
    if image.mask is not None and image.mask.shape == pixels.shape[:2]:
        pixels = pixels.copy()
        pixels[..., 3] = (pixels[..., 3] * image.mask).round()
    return Layer(image.title, Raster.from_array(pixels, image.x, image.y))
