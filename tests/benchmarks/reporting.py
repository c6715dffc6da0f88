"""What the scripts that measure networks on held-out pictures share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from studio.document import Layer, Picture, Raster, composite
from studio.host.hints import Hints
from studio.host.requests import RunRequest
from studio.host.runs import Runner
from studio.host.services import build_services
from studio.nn.pictures import center_crop, read_picture, resized, to_tensor
from studio.nn.training import sheet_of


def squares(files: Sequence[Path], size: int) -> Tensor:
    """Their middle squares, N x 3 x size x size in [0, 1]."""
    return torch.cat([to_tensor(center_crop(resized(read_picture(f), size), size)) for f in files])


def pixels_of(image: Tensor) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """1 x C x H x W in [0, 1] to H x W x C of bytes."""
    pixels: np.ndarray[Any, np.dtype[np.uint8]] = (
        (image[0].permute(1, 2, 0).clamp(0, 1) * 255).round().byte().numpy()
    )
    return pixels


def operated(
    runner: Runner,
    operation: str,
    parameters: Mapping[str, Any],
    content: Tensor,
    mask: Tensor | None = None,
    hints: Hints = (),
) -> Tensor:
    """What an operation makes of a picture, 1 x 3 x H x W; ``mask``: 1 x 1 x H x W of 0 and 1."""
    pixels = pixels_of(content)
    opaque = np.full((*pixels.shape[:2], 1), 255, np.uint8)
    layer = Layer("photo", Raster.from_array(np.concatenate([pixels, opaque], axis=2)))
    selection = None if mask is None else Raster.from_array(pixels_of(mask))
    picture = Picture(pixels.shape[1], pixels.shape[0], (layer,), layer.id, selection=selection)
    result = runner.execute(RunRequest(operation, parameters, picture, hints=hints))
    if result.margins is not None:
        made: Tensor = to_tensor(composite(result.flat())[..., :3])
    else:
        made = to_tensor(result.images[0].pixels[..., :3])
    return made


def new_runner() -> Runner:
    """With the plugins and the models of this computer."""
    services = build_services()
    return Runner(services.registry, services.store)


def side_by_side(rows: Sequence[list[Tensor]], count: int) -> list[list[Tensor]]:
    """Every ``count`` rows in one line; a last line that would be shorter is left out."""
    lines = [rows[i : i + count] for i in range(0, len(rows) - len(rows) % count, count)]
    return [[cell for row in line for cell in row] for line in lines]


def write_sheet(path: Path, rows: Sequence[Sequence[Tensor]]) -> None:
    """Save pictures of one size as a sheet to look at."""
    pixels = pixels_of(sheet_of(rows)[None])
    Image.fromarray(np.ascontiguousarray(pixels)).save(path)
