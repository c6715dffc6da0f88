"""What crosses between the program and a plugin's process: requests, results, errors, previews.

All of it is plain data. Classes are named and known (`CODEC`); nothing is pickled.
"""

from __future__ import annotations

import json
import sys
import traceback
from dataclasses import replace
from typing import Any

import numpy as np

from studio.api.errors import Cancelled, PluginError, UserError
from studio.api.margins import Margins
from studio.api.operation import Operation
from studio.api.parameters import Parameters, canonical_json
from studio.document import Group, Layer, Picture, Raster, Rect
from studio.document.blend import BlendMode
from studio.document.nodes import Guide, Text, mapped
from studio.document.tiles import indices
from studio.files.journal import Codec, Packer, Unpacker
from studio.host import devices
from studio.host.hints import Dab
from studio.host.isolation.blocks import Block
from studio.host.isolation.line import Message
from studio.host.previews import TilePreview
from studio.host.requests import RunRequest
from studio.host.results import ResultImage, RunResult

CODEC = Codec(
    [
        *(BlendMode, Group, Guide, Layer, Picture, Rect, Text),
        *(Dab, Margins, ResultImage, RunRequest, RunResult),
    ]
)


class ChildTraceback(Exception):
    """The traceback of a plugin's process, or its last words: the cause of what is raised here."""

    def __str__(self) -> str:
        """On lines of its own."""
        return f"in the plugin's own process:\n{self.args[0]}"


def pack(value: Any, block: Block, codec: Codec = CODEC) -> Any:
    """JSON of a value; its pixels go to the block."""
    return Packer(codec, block.put, block.put_bytes).pack(value)


def unpack(packed: Any, block: Block, codec: Codec = CODEC) -> Any:
    """The value.

    Raises:
        ValueError: if it is none, or its pixels are not there.
    """
    unpacker = Unpacker(codec, block.get)
    value = unpacker.unpack(packed)
    if unpacker.lost:
        raise ValueError("pixels are missing")
    return value


# Requests


def pack_request(
    request: RunRequest, operation: Operation, parameters: Parameters, block: Block
) -> Any:
    """JSON of a request, with the pixels that the operation will see."""
    # As text: lists stay lists.
    values = {"json": canonical_json(parameters)}
    picture = request.picture and seen(request.picture, request, operation)
    return pack(replace(request, parameters=values, picture=picture), block)


def unpack_request(packed: Any, block: Block) -> RunRequest:
    """What `pack_request` made."""
    request: RunRequest = unpack(packed, block)
    return replace(request, parameters=json.loads(request.parameters["json"]))


def seen(picture: Picture, request: RunRequest, operation: Operation) -> Picture:
    """The picture without the pixels that the operation will not look at; its layers all stay."""
    everything = operation.output == "canvas" and request.region is None
    composite = operation.input == "visible" or operation.output in {"canvas", "margins"}
    only = picture.layer(request.layer or picture.active) or picture.active_layer
    rect = None
    if request.region is not None:
        rect = request.region.grown(operation.context_pixels).intersected(picture.bounds)

    def wanted(layer: Layer) -> bool:
        if operation.input == "none":
            return False
        return everything or (picture.is_visible(layer.id) if composite else layer is only)

    def pixels(layer: Layer) -> Layer:
        raster = layer.raster
        kept = _part(raster, rect) if wanted(layer) else Raster(raster.dtype)
        return layer.replaced(raster=kept, text=None)

    def mask(raster: Raster) -> Raster:
        return _part(raster, rect) if composite else Raster(raster.dtype, 1)

    return picture.replaced(nodes=mapped(picture.nodes, pixels, mask), guides=())


def _part(raster: Raster, rect: Rect | None) -> Raster:
    """The tiles that touch a rectangle."""
    if rect is None:
        return raster
    tiles = raster.tiles
    kept = {index: tiles[index] for index in indices(rect) if index in tiles}
    return Raster(raster.dtype, raster.channels, kept)


# Results


def pack_result(result: RunResult, block: Block) -> Any:
    """JSON of a result, without its request, which the other side has."""
    record = {"json": json.dumps(result.record)}
    return pack(replace(result, request=RunRequest(""), record=record), block)


def unpack_result(packed: Any, block: Block, request: RunRequest) -> RunResult:
    """What `pack_result` made.

    Raises:
        ValueError: if it is no result.
    """
    result = unpack(packed, block)
    if not isinstance(result, RunResult):
        raise ValueError("no result came back")  # noqa: TRY004 - damaged data, not a wrong call
    return replace(result, request=request, record=json.loads(result.record["json"]))


# Errors


def pack_error(error: BaseException) -> dict[str, Any]:
    """What another process has to know of an error."""
    details = "".join(traceback.format_exception(error))
    memory = any(_is_out_of_memory(each) for each in _chain(error))
    devices.without_frames(error)
    values = {"kind": "failed", "details": details, "memory": memory, "start": False}
    if isinstance(error, UserError):
        plugin = isinstance(error, PluginError)
        return {**values, "message": error.message, "hint": error.hint, "plugin": plugin}
    return {**values, "message": f"{type(error).__name__}: {error}", "hint": None}


def unpack_error(values: dict[str, Any]) -> BaseException:
    """The error that is to be raised for it; the other process's traceback is its cause."""
    message, hint = str(values["message"]), values["hint"]
    error: BaseException
    if hint is None:
        error = MemoryError(message) if values["memory"] else RuntimeError(message)
    else:
        error = (PluginError if values["plugin"] else UserError)(message, str(hint))
    error.__cause__ = ChildTraceback(values["details"])
    return error


def _is_out_of_memory(error: BaseException) -> bool:
    if "torch" not in sys.modules:  # telling is not worth importing it
        return isinstance(error, MemoryError)
    return devices.is_out_of_memory(error)


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found and not isinstance(error, Cancelled):
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


# Previews


def pack_preview(preview: TilePreview) -> tuple[dict[str, Any], bytes]:
    """JSON of a preview, and its pixels."""
    pixels = np.ascontiguousarray(preview.pixels)
    values = {
        "kind": "tile",
        "x": preview.x,
        "y": preview.y,
        "shape": pixels.shape,
        "size": preview.size,
        "area": preview.area,
    }
    return values, pixels.tobytes()


def unpack_preview(message: Message) -> TilePreview:
    """What `pack_preview` made.

    Raises:
        ValueError: if the pixels are not as many as said.
    """
    values = message.values
    pixels = np.frombuffer(message.data, np.uint8).reshape(values["shape"])
    area = None if values["area"] is None else Rect(*values["area"])
    width, height = values["size"]
    return TilePreview(values["x"], values["y"], pixels, (width, height), area)
