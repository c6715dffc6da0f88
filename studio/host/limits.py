"""What is refused before it starts: a run that cannot fit, or lacks what it needs."""

from __future__ import annotations

from studio.api.errors import ImpastoError, PluginError, UserError
from studio.api.margins import Margins
from studio.api.operation import Operation
from studio.api.parameters import Parameters
from studio.document import Picture
from studio.host.hints import given
from studio.host.memory import available_bytes
from studio.host.requests import RunRequest

_FLOAT_PLANES = 2 * 3 * 4  # bytes a pixel: the float32 result and one temporary of its size


def check_request(
    operation: Operation, parameters: Parameters, request: RunRequest, max_pixels: int
) -> None:
    """Refuse a request that lacks its picture or selection, or whose result cannot fit.

    Raises:
        UserError: saying what is missing, or how much too large the result would be.
    """
    if not 0 <= request.seed < 2**64:
        raise UserError(
            f"The seed {request.seed} is out of range.", "Choose a seed from 0 to 2^64 - 1."
        )
    if operation.input == "none":
        return
    picture = request.picture
    if picture is None:
        raise UserError(f"{operation.title} needs a picture.", "Open or name one.")
    _check_given(operation, request, picture)
    area = request.region.intersected(picture.bounds) if request.region else picture.bounds
    if area.empty:
        raise UserError("The region lies outside the picture.", "Choose a region inside it.")
    width, height = area.width, area.height
    if operation.output == "margins":
        if request.region is not None:
            raise UserError(
                f"{operation.title} works on the whole picture.", "Run it without a region."
            )
        width, height = margins_of(operation, parameters, width, height).size(width, height)
    elif operation.output_size is not None:
        width, height = result_size(operation, parameters, width, height)
    if width * height > max_pixels:
        raise UserError(
            f"The result would have {width * height / 1e6:.0f} megapixels ({width} x {height}); "
            f"the limit is {max_pixels / 1e6:.0f}.",
            "Choose a smaller scale or part, or raise the limit in Preferences.",
        )
    needed = estimated_bytes(operation, width * height, len(picture.layers), picture.dtype.itemsize)
    free = available_bytes()
    if needed > 0.9 * free:
        raise UserError(
            f"The result would need about {needed / 1e9:.1f} GB of memory; "
            f"{free / 1e9:.1f} GB is free.",
            "Choose a smaller scale or part, or close other programs.",
        )


def _check_given(operation: Operation, request: RunRequest, picture: Picture) -> None:
    """Selection, layer and hints."""
    if operation.selection == "required" and picture.selection is None:
        raise UserError(
            f"{operation.title} changes only what is selected, and nothing is.",
            "Select the part to change, or give a mask.",
        )
    if request.layer is not None and picture.layer(request.layer) is None:
        raise UserError("There is no layer of that id in the picture.", "Choose another layer.")
    hints = request.hints
    if not given(hints):
        return
    if operation.hints == "none":
        raise UserError(f"{operation.title} takes no color hints.", "Run it without them.")
    if not isinstance(hints, tuple) and hints.shape[:2] != (picture.height, picture.width):
        raise UserError(
            f"The hints are {hints.shape[1]} x {hints.shape[0]} pixels, "
            f"and the picture is {picture.width} x {picture.height}.",
            "Hints have the size of their picture.",
        )


def result_size(
    operation: Operation, parameters: Parameters, width: int, height: int
) -> tuple[int, int]:
    """What the operation says the (width, height) of its result will be.

    Raises:
        PluginError: if it cannot say, or it is no size.
    """
    if operation.output_size is None:
        return width, height
    fault = "This is a fault in the plugin; tell its author."
    try:
        size = tuple(operation.output_size(parameters, width, height))
        across, down = (int(side) for side in size)
    except Exception as error:
        raise PluginError(
            f"{operation.title} cannot tell the size of its result: {type(error).__name__}: {error}.",
            fault,
        ) from error
    if (across, down) != size or min(across, down) < 1:
        raise PluginError(f"{operation.title} says {size} is the size of its result.", fault)
    return across, down


def margins_of(operation: Operation, parameters: Parameters, width: int, height: int) -> Margins:
    """By how much the operation says the canvas will grow.

    Raises:
        UserError: if the parameters contradict each other or add nothing.
        PluginError: if it cannot say, or its answer is no margins.
    """
    fault = "This is a fault in the plugin; tell its author."
    try:
        margins = Margins(*operation.margins(parameters, width, height))  # type: ignore[misc]  # has one
    except ImpastoError:
        raise
    except Exception as error:
        raise PluginError(
            f"{operation.title} cannot tell how far the canvas grows: "
            f"{type(error).__name__}: {error}.",
            fault,
        ) from error
    if any(not isinstance(side, int) or side < 0 for side in margins):
        raise PluginError(f"{operation.title} says {tuple(margins)} are its margins.", fault)
    if not any(margins[:4]):
        raise UserError(
            f"{operation.title} would add nothing to the picture.", "Say how far it is to grow."
        )
    return margins


def estimated_bytes(operation: Operation, pixels: int, layers: int, itemsize: int) -> int:
    """Memory that a result of ``pixels`` takes while it is made, the network itself left aside."""
    copies = layers if operation.output in {"canvas", "margins"} else 1
    return pixels * (_FLOAT_PLANES + 4 * itemsize * (copies + 1))
