"""Whole documents in another color profile or depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from studio.document import TILE, Array, Group, Layer, Picture, Raster
from studio.document.nodes import Node, mapped
from studio.files.pixels import to_8_bits
from studio.files.profiles import Intent, convert

_BATCH = 16  # tiles at a time: a million pixels, as many as `convert` takes in one go


def _batches(raster: Raster) -> Iterator[list[tuple[int, int]]]:
    indices = list(raster.tiles)
    for start in range(0, len(indices), _BATCH):
        yield indices[start : start + _BATCH]


def _remade(raster: Raster, dtype: type, change: Callable[[Array], Array]) -> Raster:
    """The raster with ``change`` made to its pixels, several tiles at once."""
    tiles: dict[tuple[int, int], Array] = {}
    for batch in _batches(raster):
        stacked = np.concatenate([raster.tiles[index] for index in batch])
        changed = change(stacked)
        for number, index in enumerate(batch):
            tile = changed[number * TILE : (number + 1) * TILE].copy()
            tile.flags.writeable = False
            tiles[index] = tile
    return Raster(dtype, raster.channels, tiles)


def converted_raster(
    raster: Raster, source: bytes | None, target: bytes | None, intent: Intent = "relative"
) -> Raster:
    """RGBA pixels of one RGB profile in another; what is empty stays empty."""
    if source == target:
        return raster

    def change(pixels: Array) -> Array:
        shown = pixels.any(axis=2, keepdims=True)
        return np.where(shown, convert(pixels, source, target, intent=intent), pixels)

    return _remade(raster, raster.dtype.type, change)


def deepened_raster(raster: Raster) -> Raster:
    """8-bit pixels with 16 bits: every value times 257, so that white stays white."""
    if raster.dtype == np.uint16:
        return raster
    return _remade(raster, np.uint16, lambda pixels: pixels.astype(np.uint16) * np.uint16(257))


def flattened_raster(raster: Raster, *, dither: bool) -> Raster:
    """16-bit pixels with 8 bits.

    Args:
        raster: RGBA.
        dither: add noise of half a step at most before rounding, so that smooth gradients get no
            bands. Values that 8 bits hold exactly stay exact, and so does all alpha. The noise
            is the same each time.
    """
    if raster.dtype == np.uint8:
        return raster

    def change(pixels: Array) -> Array:
        plain = to_8_bits(pixels)
        if dither:
            rng = np.random.default_rng(pixels.shape[0])
            noise = rng.integers(0, 257, (*pixels.shape[:2], 3), np.uint16)
            # Floor of (value + 0..256) / 257: rounding whose threshold is the noise.
            color = (pixels[..., :3].astype(np.uint32) + noise) // 257
            plain[..., :3] = color.clip(0, 255)
        return plain

    return _remade(raster, np.uint8, change)


def _with_rasters(picture: Picture, change: Callable[[Raster], Raster]) -> tuple[Node, ...]:
    def pixels(layer: Layer) -> Layer:
        return layer.replaced(raster=change(layer.raster))

    return mapped(picture.nodes, pixels, lambda mask: mask)


def converted(picture: Picture, icc: bytes | None, intent: Intent = "relative") -> Picture:
    """The picture in another RGB profile, looking as alike as that can show it.

    Each layer is converted by itself, so half-transparent parts and blend modes may come out a
    little differently: they compute with the profile's values. Slow; call it on a thread.

    Raises:
        UserError: the profile cannot be used.
    """
    if icc == picture.icc:
        return picture
    nodes = _with_rasters(
        picture, lambda raster: converted_raster(raster, picture.icc, icc, intent)
    )
    return picture.replaced(nodes=nodes, icc=icc)


def assigned(picture: Picture, icc: bytes | None) -> Picture:
    """The same values taken to be of another profile: the picture looks different."""
    return picture if icc == picture.icc else picture.replaced(icc=icc)


def with_depth(picture: Picture, bits: int, *, dither: bool = True) -> Picture:
    """The picture with 8 or 16 bits per channel; masks and the selection stay as they are.

    16 bits from 8 are exact and can be taken back. See `flattened_raster` for ``dither``.
    """
    if bits not in (8, 16):
        raise ValueError(f"a picture has 8 or 16 bits, not {bits}")
    if picture.dtype == (np.uint8 if bits == 8 else np.uint16):
        return picture
    if bits == 16:
        return picture.replaced(nodes=_with_rasters(picture, deepened_raster))
    nodes = _with_rasters(picture, lambda raster: flattened_raster(raster, dither=dither))
    return picture.replaced(nodes=nodes)


def fitted_node(node: Node, source: Picture, target: Picture) -> Node:
    """A layer or group of one picture in the profile and depth of another."""

    def fit(layer: Layer) -> Layer:
        raster = converted_raster(layer.raster, source.icc, target.icc)
        if target.dtype == np.uint16:
            return layer.replaced(raster=deepened_raster(raster))
        return layer.replaced(raster=flattened_raster(raster, dither=True))

    if isinstance(node, Group):
        return node.replaced(children=mapped(node.children, fit, lambda mask: mask))
    return fit(node)
