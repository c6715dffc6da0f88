"""What a picture is made of: layers of pixels, groups of them, text, guides. All immutable."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from studio.document.blend import BlendMode
from studio.document.tiles import Raster


def new_layer_id() -> str:
    """An identifier that no other layer or group has."""
    return uuid.uuid4().hex


@dataclass(frozen=True)
class Text:
    """What a text layer says; its layer's raster is the rendering of it.

    Attributes:
        content: the text, lines parted by line feeds.
        family: font family.
        size: height of the font in canvas pixels.
        color: sRGB, 0 to 255.
        x: left edge of the box, in canvas pixels.
        y: top edge of the first line's box, in canvas pixels.
        bold: heavier weight.
        italic: slanted.
        align: how lines of different lengths stand to each other.
    """

    content: str
    family: str
    size: float
    color: tuple[int, int, int]
    x: float
    y: float
    bold: bool = False
    italic: bool = False
    align: Literal["left", "center", "right"] = "left"

    def replaced(self, **changes: Any) -> Text:
        """A copy with other attributes."""
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True)
class Layer:
    """One layer of pixels.

    Attributes:
        name: shown in the layer panel.
        raster: straight RGBA, in canvas coordinates; may reach beyond the canvas.
        id: stays the same through all edits.
        visible: whether it shows.
        opacity: 0 to 1.
        mask: one channel that scales the alpha, or None; zero hides, as does what it does not cover.
        blend: how its colour meets what is below.
        locked: whether its pixels and its mask are kept from edits.
        text: what it says if it is a text layer; painting on it leaves pixels only.
    """

    name: str
    raster: Raster
    id: str = field(default_factory=new_layer_id)
    visible: bool = True
    opacity: float = 1.0
    mask: Raster | None = None
    blend: BlendMode = BlendMode.NORMAL
    locked: bool = False
    text: Text | None = None

    def replaced(self, **changes: Any) -> Layer:
        """A copy with other attributes."""
        return dataclasses.replace(self, **changes)

    @property
    def rasters(self) -> tuple[Raster, ...]:
        """Everything of it that holds tiles."""
        return (self.raster,) if self.mask is None else (self.raster, self.mask)


@dataclass(frozen=True)
class Group:
    """Layers and groups that are treated as one.

    Attributes:
        name: shown in the layer panel.
        children: bottom to top; may be empty.
        id: stays the same through all edits.
        visible: whether anything of it shows.
        opacity: 0 to 1, of the whole.
        mask: one channel that scales the alpha of the whole, or None.
        blend: how the whole meets what is below; of no effect with ``pass_through``.
        locked: whether everything in it is kept from edits.
        pass_through: whether its children meet what is below the group one by one, instead of
            being joined by themselves first.
    """

    name: str
    children: tuple[Node, ...] = ()
    id: str = field(default_factory=new_layer_id)
    visible: bool = True
    opacity: float = 1.0
    mask: Raster | None = None
    blend: BlendMode = BlendMode.NORMAL
    locked: bool = False
    pass_through: bool = False

    def replaced(self, **changes: Any) -> Group:
        """A copy with other attributes."""
        return dataclasses.replace(self, **changes)

    @property
    def rasters(self) -> tuple[Raster, ...]:
        """Everything of it that holds tiles, its own mask included."""
        own = () if self.mask is None else (self.mask,)
        return own + tuple(raster for child in self.children for raster in child.rasters)


Node = Layer | Group


@dataclass(frozen=True)
class Guide:
    """A line to align to.

    Attributes:
        vertical: whether it runs from top to bottom.
        position: distance from the canvas's left or top edge, in pixels.
    """

    vertical: bool
    position: float


def layers_in(nodes: tuple[Node, ...]) -> Iterator[Layer]:
    """All pixel layers, bottom to top."""
    for node in nodes:
        if isinstance(node, Group):
            yield from layers_in(node.children)
        else:
            yield node


def walk(nodes: tuple[Node, ...], depth: int = 0) -> Iterator[tuple[Node, int]]:
    """All nodes with their depth, top to bottom, a group before its children."""
    for node in reversed(nodes):
        yield node, depth
        if isinstance(node, Group):
            yield from walk(node.children, depth + 1)


def path_to(nodes: tuple[Node, ...], node_id: str) -> tuple[Node, ...]:
    """The groups around a node, outermost first, and the node itself; empty if there is none."""
    for node in nodes:
        if node.id == node_id:
            return (node,)
        if isinstance(node, Group) and (path := path_to(node.children, node_id)):
            return (node, *path)
    return ()


def swapped(nodes: tuple[Node, ...], node_id: str, new: tuple[Node, ...]) -> tuple[Node, ...]:
    """The same tree with ``new`` (none, one or several nodes) in the place of a node."""
    out: list[Node] = []
    for node in nodes:
        if node.id == node_id:
            out.extend(new)
        elif isinstance(node, Group):
            children = swapped(node.children, node_id, new)
            same = len(children) == len(node.children) and all(
                a is b for a, b in zip(children, node.children, strict=True)
            )
            out.append(node if same else node.replaced(children=children))
        else:
            out.append(node)
    return tuple(out)


def mapped(
    nodes: tuple[Node, ...],
    pixels: Callable[[Layer], Layer],
    mask: Callable[[Raster], Raster],
) -> tuple[Node, ...]:
    """The same tree with every layer through ``pixels`` and then every mask through ``mask``."""
    out: list[Node] = []
    for node in nodes:
        changed: Node
        if isinstance(node, Group):
            changed = node.replaced(children=mapped(node.children, pixels, mask))
        else:
            changed = pixels(node)
        out.append(changed.replaced(mask=mask(node.mask)) if node.mask is not None else changed)
    return tuple(out)
