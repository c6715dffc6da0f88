"""The one compositor: what a picture shows, per rectangle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from studio.document.blend import BlendMode, blended
from studio.document.geometry import Rect
from studio.document.nodes import Group, Layer, Node, layers_in
from studio.document.picture import Picture
from studio.document.tiles import TILE, Array, Raster


def composite(picture: Picture, rect: Rect | None = None) -> Array:
    """What the picture shows inside ``rect`` (default: the canvas).

    Returns:
        A new H x W x 4 array of straight RGBA in the picture's depth. Outside the canvas it is
        transparent.
    """
    rect = picture.bounds if rect is None else rect
    inside = rect.intersected(picture.bounds)
    if inside == rect:
        return composite_nodes(picture.nodes, rect)
    out = np.zeros((rect.height, rect.width, 4), picture.dtype)
    if not inside.empty:
        rows = slice(inside.y - rect.y, inside.bottom - rect.y)
        columns = slice(inside.x - rect.x, inside.right - rect.x)
        out[rows, columns] = composite_nodes(picture.nodes, inside)
    return out


def composite_nodes(nodes: tuple[Node, ...], rect: Rect) -> Array:
    """What nodes, bottom to top, show inside ``rect``, anywhere on the plane.

    Layers are joined by source-over (Porter and Duff 1984) after their blend mode, in premultiplied
    float32 and one tile at a time, so that the planes stay in the processor's cache.

    Returns:
        A new H x W x 4 array of straight RGBA, of the layers' depth.

    Raises:
        ValueError: if there is no layer in ``nodes``, as the depth is then unknown.
    """
    layers = list(layers_in(nodes))
    if not layers:
        raise ValueError("nodes without a layer have no depth")
    dtype = layers[0].raster.dtype
    shown = [node for node in nodes if _shows(node)]
    if not shown:
        return np.zeros((rect.height, rect.width, 4), dtype)
    if len(shown) == 1 and (raster := _plain(shown[0])) is not None:
        return raster.read(rect)
    out = np.empty((rect.height, rect.width, 4), dtype)
    for block in _blocks(rect):
        rows = slice(block.y - rect.y, block.bottom - rect.y)
        columns = slice(block.x - rect.x, block.right - rect.x)
        _compose_block(shown, block, out[rows, columns])
    return out


def _shows(node: Node) -> bool:
    return node.visible and node.opacity > 0


def _plain(node: Node) -> Raster | None:
    """The pixels of a layer that shows them as they are."""
    if isinstance(node, Layer) and node.opacity == 1 and node.mask is None:
        return node.raster
    return None


def _blocks(rect: Rect) -> Iterator[Rect]:
    """Parts of ``rect`` that lie in one tile each."""
    if rect.empty:
        return
    for top in range(rect.y // TILE * TILE, rect.bottom, TILE):
        for left in range(rect.x // TILE * TILE, rect.right, TILE):
            yield Rect(left, top, TILE, TILE).intersected(rect)


def _compose_block(nodes: list[Node], block: Rect, out: Array) -> None:
    present = [node for node in nodes if _reaches(node, block)]
    if not present:
        out[:] = 0
    elif len(present) == 1 and (raster := _plain(present[0])) is not None:
        window = _window(raster, block)
        if window is not None:
            out[:] = window
    else:
        stack = _Stack(block)
        stack.add_all(present)
        stack.store(out)
        if not stack.opaque and (hidden := stack.alpha <= 0).any():
            _show_hidden(present, block, hidden, out)


def _reaches(node: Node, block: Rect) -> bool:
    """Whether a node may have pixels in a block."""
    if isinstance(node, Group):
        return any(_shows(child) and _reaches(child, block) for child in node.children)
    return (block.x // TILE, block.y // TILE) in node.raster.tiles


def _window(raster: Raster, block: Rect) -> Array | None:
    """A view of a block, which lies in one tile; None where the raster has none."""
    tile = raster.tiles.get((block.x // TILE, block.y // TILE))
    if tile is None:
        return None
    x, y = block.x % TILE, block.y % TILE
    return tile[y : y + block.height, x : x + block.width]


class _Stack:
    """What the layers added so far show in one block: premultiplied planes in [0, 1]."""

    def __init__(self, block: Rect) -> None:
        self.block = block
        self.color = np.zeros((3, block.height, block.width), np.float32)
        self.alpha = np.zeros((block.height, block.width), np.float32)
        self.empty = True
        self.opaque = False

    def add_all(self, nodes: tuple[Node, ...] | list[Node]) -> None:
        """Add nodes, bottom to top."""
        for node in nodes:
            if not _shows(node):
                continue
            if isinstance(node, Layer):
                self._add_layer(node)
            elif node.pass_through:
                self._add_through(node)
            else:
                self._add_group(node)

    def _add_layer(self, layer: Layer) -> None:
        pixels = _window(layer.raster, self.block)
        if pixels is None:
            return
        scale = np.float32(1 / layer.raster.maximum)
        color = np.empty_like(self.color)
        for channel in range(3):
            np.multiply(pixels[..., channel], scale, out=color[channel], dtype=np.float32)
        alpha = np.multiply(pixels[..., 3], scale, dtype=np.float32)
        opaque = bool(pixels[..., 3].min() == layer.raster.maximum)
        self._over(color, *self._faded(layer, alpha, opaque=opaque), layer.blend)

    def _add_group(self, group: Group) -> None:
        own = _Stack(self.block)
        own.add_all(group.children)
        if not own.empty:
            color = own.straight()
            self._over(color, *self._faded(group, own.alpha, opaque=own.opaque), group.blend)

    def _add_through(self, group: Group) -> None:
        color, alpha, empty = self.color.copy(), self.alpha.copy(), self.empty
        self.add_all(group.children)
        share = np.full_like(self.alpha, group.opacity)
        share, whole = self._faded(group.replaced(opacity=1.0), share, opaque=group.opacity == 1)
        if not whole:
            self.color = color + (self.color - color) * share
            self.alpha = alpha + (self.alpha - alpha) * share
            self.empty = empty and self.empty
            self.opaque = False

    def _faded(self, node: Node, alpha: Array, *, opaque: bool) -> tuple[Array, bool]:
        """``alpha`` through the opacity and the mask of a node, and whether it is 1 all over."""
        if node.opacity != 1:
            alpha *= np.float32(node.opacity)
            opaque = False
        if node.mask is not None:
            window = _window(node.mask, self.block)
            if window is None:
                alpha[:] = 0
                return alpha, False
            alpha *= window[..., 0] * np.float32(1 / node.mask.maximum)
            opaque = opaque and bool(window.min() == node.mask.maximum)
        return alpha, opaque

    def _over(self, color: Array, alpha: Array, opaque: bool, mode: BlendMode) -> None:
        """Put straight ``color`` with ``alpha`` on top; both are consumed."""
        if self.empty:
            color *= alpha
            self.color, self.alpha = color, alpha
            self.empty, self.opaque = False, opaque
            return
        if mode is not BlendMode.NORMAL:
            mixed = blended(mode, self.straight(), color)
            if self.opaque:
                color = mixed
            else:
                color += (mixed - color) * self.alpha
        if opaque:
            self.color, self.alpha, self.opaque = color, alpha, True
            return
        keep = 1 - alpha
        color *= alpha
        self.color *= keep
        self.color += color
        if not self.opaque:
            self.alpha *= keep
            self.alpha += alpha

    def straight(self) -> Array:
        """The colour without its alpha, in [0, 1]; 0 where nothing is."""
        if self.opaque:
            return self.color
        straight: Array = self.color / np.where(self.alpha > 0, self.alpha, 1)
        return np.minimum(straight, 1, out=straight)

    def store(self, out: Array) -> None:
        """Write H x W x 4 straight RGBA, rounded."""
        maximum = np.float32(np.iinfo(out.dtype).max)
        color = self.straight()
        for channel in range(3):
            plane = color[channel] * maximum
            out[..., channel] = np.rint(plane, out=plane)
        if self.opaque:
            out[..., 3] = maximum
        else:
            out[..., 3] = np.rint(self.alpha * maximum)


def _showing(nodes: Iterable[Node]) -> Iterator[Layer]:
    """The layers that take part, bottom to top: none that a hidden group hides."""
    for node in filter(_shows, nodes):
        if isinstance(node, Group):
            yield from _showing(node.children)
        else:
            yield node


def _show_hidden(nodes: list[Node], block: Rect, hidden: Array, out: Array) -> None:
    """Give transparent pixels the colour they carry, that of the lowest layer that has any.

    A single layer shows them as they are, so a second one that is transparent here, as a result is
    outside its mask, must not change them.
    """
    missing = hidden.copy()
    for layer in _showing(nodes):
        pixels = _window(layer.raster, block)
        if pixels is None:
            continue
        carries = missing & (pixels[..., 3] == 0) & pixels[..., :3].any(axis=2)
        out[carries, :3] = pixels[carries, :3]
        missing &= ~carries
        if not missing.any():
            return
