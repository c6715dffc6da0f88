"""``stack.xml``: which pictures there are, where they lie and how they meet."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET
from xml.parsers import expat

from studio.files.codec import Unreadable, check_size

NAMESPACE = "https://impasto.dev/openraster"
VERSION = "0.0.5"
_DEEPEST = 60
_FARTHEST = 10_000_000
_ID = f"{{{NAMESPACE}}}id"
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BROKEN = "Use another copy of the file, or save it again in the program that made it."


@dataclass(frozen=True)
class Entry:
    """A layer or a stack, as the file says it.

    Attributes:
        name: as shown.
        op: composite-op.
        opacity: 0 to 1.
        visible: whether it shows.
        locked: whether it may be edited.
        selected: whether it is a chosen one.
        id: our identifier; empty in files of other programs.
        x: offset of a layer's picture, those of the stacks around it included.
        y: the same downwards.
        src: the layer's picture; empty for a stack.
        isolate: of a stack: its children meet each other first.
        children: of a stack, top to bottom.
        is_group: whether it is a stack.
    """

    name: str
    op: str = "svg:src-over"
    opacity: float = 1.0
    visible: bool = True
    locked: bool = False
    selected: bool = False
    id: str = ""
    x: int = 0
    y: int = 0
    src: str = ""
    isolate: bool = False
    children: tuple[Entry, ...] = ()
    is_group: bool = False


@dataclass(frozen=True)
class Stack:
    """The whole: canvas size, resolution, entries top to bottom, and elements nobody knows."""

    width: int
    height: int
    dpi: tuple[float, float] | None
    entries: tuple[Entry, ...]
    unknown: tuple[str, ...] = ()


def plain_name(name: str) -> str:
    """A name without characters that XML cannot hold."""
    return _FORBIDDEN.sub("\ufffd", name)


def write_stack(stack: Stack) -> bytes:
    """The file's text."""
    ET.register_namespace("impasto", NAMESPACE)
    size = {"version": VERSION, "w": str(stack.width), "h": str(stack.height)}
    if stack.dpi is not None:
        size["xres"], size["yres"] = (str(max(1, round(value))) for value in stack.dpi)
    image = ET.Element("image", size)
    _add_all(ET.SubElement(image, "stack"), stack.entries)
    ET.indent(image)
    return bytes(ET.tostring(image, "UTF-8", xml_declaration=True))


def _add_all(parent: ET.Element, entries: tuple[Entry, ...]) -> None:
    for entry in entries:
        attributes = {"name": plain_name(entry.name)}
        if not entry.is_group:
            attributes |= {"src": entry.src, "x": str(entry.x), "y": str(entry.y)}
        attributes |= {
            "opacity": repr(float(entry.opacity)),
            "visibility": "visible" if entry.visible else "hidden",
            "composite-op": entry.op,
        }
        if entry.is_group:
            attributes["isolation"] = "isolate" if entry.isolate else "auto"
        if entry.locked:
            attributes["edit-locked"] = "true"
        if entry.selected:
            attributes["selected"] = "true"
        if entry.id:
            attributes[_ID] = entry.id
        element = ET.SubElement(parent, "stack" if entry.is_group else "layer", attributes)
        _add_all(element, entry.children)


def read_stack(data: bytes, max_pixels: int) -> Stack:
    """Parse it, strictly.

    Raises:
        Unreadable: it is no XML, has a document type (where harm hides), or makes no sense.
    """
    image = _parse(data)
    if image.tag != "image":
        raise Unreadable(f'its list of layers begins with "{image.tag}", not "image"', _BROKEN)
    width, height = (_whole(image, name, None) for name in ("w", "h"))
    check_size(width, height, max_pixels)
    root = image.find("stack")
    if root is None:
        raise Unreadable("its list of layers is missing", _BROKEN)
    unknown: set[str] = set()
    entries = tuple(_entries(root, 0, 0, 0, unknown))
    dpi: tuple[float, float] | None = None
    if "xres" in image.attrib:
        x = _number(image, "xres", 0.0)
        y = _number(image, "yres", x)
        dpi = (x, y) if 0 < x < 1e6 and 0 < y < 1e6 else None
    return Stack(width, height, dpi, entries, tuple(sorted(unknown)))


def _parse(data: bytes) -> ET.Element:
    builder = ET.TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = lambda tag, attributes: builder.start(
        _qualified(tag), {_qualified(name): value for name, value in attributes.items()}
    )
    parser.EndElementHandler = lambda tag: builder.end(_qualified(tag))
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(data, True)
        return builder.close()
    except (expat.ExpatError, AssertionError, ValueError) as error:
        raise Unreadable(f"its list of layers is damaged ({error})", _BROKEN) from error


def _qualified(name: str) -> str:
    return "{" + name if "}" in name else name


def _refuse_doctype(*_: object) -> None:
    raise Unreadable(
        "its list of layers defines XML entities, which no picture needs",
        "The file may be made to do harm. If you trust it, save it again in another program.",
    )


def _entries(parent: ET.Element, x: int, y: int, depth: int, unknown: set[str]) -> Iterator[Entry]:
    if depth > _DEEPEST:
        raise Unreadable(f"its groups are nested more than {_DEEPEST} deep", _BROKEN)
    for element in parent:
        if element.tag not in ("layer", "stack"):
            unknown.add(element.tag)
            continue
        own_x, own_y = x + _whole(element, "x", 0), y + _whole(element, "y", 0)
        group = element.tag == "stack"
        src = element.get("src", "")
        if not group and not src:
            raise Unreadable(f'its layer "{element.get("name", "")}" names no picture', _BROKEN)
        opacity, op = _number(element, "opacity", 1.0), element.get("composite-op", "svg:src-over")
        if not 0 <= opacity <= 1:
            raise Unreadable(f"a layer has the opacity {opacity}", _BROKEN)
        yield Entry(
            name=element.get("name", ""),
            op=op,
            opacity=opacity,
            visible=element.get("visibility", "visible") != "hidden",
            locked=element.get("edit-locked") == "true",
            selected=element.get("selected") == "true",
            id=element.get(_ID, "")[:64],
            x=own_x,
            y=own_y,
            src=src,
            # The standard: a group with an opacity or a mode of its own is always joined first.
            isolate=element.get("isolation") == "isolate" or opacity < 1 or op != "svg:src-over",
            children=tuple(_entries(element, own_x, own_y, depth + 1, unknown)) if group else (),
            is_group=group,
        )


def _whole(element: ET.Element, name: str, default: int | None) -> int:
    text = element.get(name)
    if text is None and default is not None:
        return default
    value = _parsed(name, text)
    if abs(value) > _FARTHEST:
        raise Unreadable(f'its list of layers says {name}="{text}"', _BROKEN)
    return round(value)


def _number(element: ET.Element, name: str, default: float) -> float:
    text = element.get(name)
    return default if text is None else _parsed(name, text)


def _parsed(name: str, text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise Unreadable(f'its list of layers says {name}="{text}"', _BROKEN)
    return value
