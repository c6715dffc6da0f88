from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from studio.document import Picture, Raster, composite
from studio.host.models import ModelStore
from studio.host.plugins import PluginRegistry, discover
from studio.host.requests import RunRequest
from studio.host.runs import Runner

Array = np.ndarray[Any, Any]


@pytest.fixture(scope="session")
def registry() -> PluginRegistry:
    return discover(None)


@pytest.fixture(scope="session")
def adjust(
    registry: PluginRegistry, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Array]:
    """Runs an adjustment on H x W x 3 or 4 pixels; the picture after it, with the same channels."""
    folder = tmp_path_factory.mktemp("models")
    runner = Runner(registry, ModelStore(folder, folder, registry.cards()))

    def run(
        name: str,
        pixels: Array,
        mask: Array | None = None,
        scale: float = 1,
        icc: bytes | None = None,
        **parameters: Any,
    ) -> Array:
        channels = pixels.shape[2]
        if channels == 3:
            opaque = np.full((*pixels.shape[:2], 1), np.iinfo(pixels.dtype).max, pixels.dtype)
            pixels = np.concatenate([pixels, opaque], axis=2)
        picture = Picture.from_pixels(np.ascontiguousarray(pixels), icc=icc)
        if mask is not None:
            picture = picture.replaced(selection=Raster.from_array(mask[..., None]))
        request = RunRequest(f"adjustments.{name}", parameters, picture, device="cpu", scale=scale)
        return composite(runner.execute(request).after())[..., :channels]

    return run


@pytest.fixture
def every_level() -> Callable[..., Array]:
    """Seeded H x W x 3 pixels of a depth, black and white among them."""

    def make(dtype: type = np.uint8, height: int = 140, width: int = 37) -> Array:
        top = np.iinfo(dtype).max
        random = np.random.default_rng(3)
        pixels = random.integers(0, top, (height, width, 3), dtype=dtype, endpoint=True)
        pixels[0, 0], pixels[0, 1] = 0, top
        return pixels

    return make
