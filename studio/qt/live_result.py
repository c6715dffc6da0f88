"""What is shown of the result of an operation that follows drawing: an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.document import Picture, composite
from studio.files.pixels import to_8_bits
from studio.host.results import RunResult
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
