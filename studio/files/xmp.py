"""Single properties of an XMP packet, read and changed with every other byte left as it is.

Libraries parse a packet and write it anew, which loses comments, prefixes and what they do not know.
Here a parser says where a property stands, and only those bytes change. Layout: ISO 16684-1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from studio.files.ifd import DamagedError

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RDF_RDF = f"{_RDF} RDF"
_META = "adobe:ns:meta/"
_ABOUT, _RESOURCE = f"{_RDF} about", f"{_RDF} resource"
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAG = re.compile(rb"<(?:[^\"'>]|\"[^\"]*\"|'[^']*')*>")
_EMPTY = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    f'<x:xmpmeta xmlns:x="{_META}">\n'
    f'<rdf:RDF xmlns:rdf="{_RDF}">\n'
    "</rdf:RDF>\n"
    "</x:xmpmeta>\n"
    '<?xpacket end="w"?>'
).encode()


@dataclass(frozen=True)
class Name:
    """A property's name.

    Attributes:
        namespace: its URI.
        prefix: what it is written with; others write what they like.
        local: the name in it.
    """

    namespace: str
    prefix: str
    local: str

    @property
    def key(self) -> str:
        """As the parser says it."""
        return f"{self.namespace} {self.local}"


@dataclass
class _Element:
    """An element that is open: its name, and where its tag stands."""

    name: str
    start: int


@dataclass
class _Description:
    """How much of an ``rdf:Description`` stays, and the stretches that go."""

    held: int = 0
    gone: list[tuple[int, int]] = field(default_factory=list)


class _Scan:
    """Where the properties of some names stand in a packet, and what they say.

    Attributes:
        values: of the names that were found.
        cuts: the stretches of bytes that they are.
        end: of the RDF: where another description belongs; None without RDF.
        about: what the descriptions are of.
    """

    def __init__(self, data: bytes, wanted: frozenset[str]) -> None:
        self.data, self.wanted = data, wanted
        self.values: dict[str, str] = {}
        self.cuts: list[tuple[int, int]] = []
        self.end: _Element | None = None
        self.about = ""
        self._open: list[_Element] = []
        self._root: int | None = None  # depth at which the properties' descriptions lie
        self._text: list[str] = []
        self._description = _Description()
        self._parse()

    def _parse(self) -> None:
        parser = self._parser = expat.ParserCreate(namespace_separator=" ")
        parser.namespace_prefixes = True
        parser.StartElementHandler = self._on_start
        parser.EndElementHandler = self._on_end
        parser.CharacterDataHandler = self._text.append
        parser.StartDoctypeDeclHandler = self._refuse
        try:
            parser.Parse(self.data, True)
        except expat.ExpatError as error:
            raise DamagedError(f"no XMP: {error}") from error

    def _refuse(self, *_: object) -> None:
        raise DamagedError("an XMP packet has no document type")

    @property
    def _depth(self) -> int:
        """0 in the RDF itself, 1 in a description, 2 in a property; below 0 elsewhere."""
        return -1 if self._root is None else len(self._open) - self._root

    def _on_start(self, tag: str, given: dict[str, str]) -> None:
        element = _Element(_unprefixed(tag), self._parser.CurrentByteIndex)
        self._open.append(element)
        if self._root is None and self.end is None and element.name == _RDF_RDF:
            self._root = len(self._open)
        elif self._depth == 1:
            self._description = _Description()
            self._read_attributes(element, given)
        elif self._depth == 2:
            self._text.clear()
            resource = {_unprefixed(key): value for key, value in given.items()}.get(_RESOURCE)
            if element.name in self.wanted and resource is not None:
                self.values.setdefault(element.name, resource)

    def _read_attributes(self, element: _Element, given: dict[str, str]) -> None:
        """Properties in the short form, as attributes of a description."""
        for key, value in given.items():
            name, prefix = _unprefixed(key), key.rpartition(" ")[2]
            if name == _ABOUT:
                self.about = self.about or value
            elif name in self.wanted:
                self.values.setdefault(name, value)
                short = f"{prefix}:{name.rpartition(' ')[2]}"
                self._description.gone.append(self._attribute(element, short))
            else:
                self._description.held += 1

    def _attribute(self, element: _Element, name: str) -> tuple[int, int]:
        """Where an attribute of a tag stands, the space before it included."""
        found = re.compile(rf"\s+{re.escape(name)}\s*=\s*[\"']".encode()).search(
            self.data, element.start
        )
        if found is None:
            raise DamagedError(f"no XMP: {name} is not where it should be")
        return found.start(), self.data.index(found[0][-1:], found.end()) + 1

    def _on_end(self, _tag: str) -> None:
        depth, element = self._depth, self._open.pop()
        if depth == 2 and element.name in self.wanted:
            self.values.setdefault(element.name, "".join(self._text))
            self._description.gone.append((element.start, self._close(element)))
        elif depth == 2:
            self._description.held += 1
        elif depth == 1:
            self._cut(element)
        elif depth == 0:
            self._root, self.end = None, _Element(element.name, self._place(element))

    def _cut(self, element: _Element) -> None:
        """Cut properties out of a description, or all of one that says nothing else."""
        if self._description.gone and not self._description.held:
            end = self._close(element)
            line = re.compile(rb"[ \t]*\n?").match(self.data, end)
            self.cuts.append((element.start, line.end() if line else end))
        else:
            self.cuts += self._description.gone

    def _place(self, element: _Element) -> int:
        """Where the tag stands that ends an element: its own, if it is empty."""
        # At the end of an empty element the parser is behind it already.
        return element.start if self._is_empty(element) else self._parser.CurrentByteIndex

    def _close(self, element: _Element) -> int:
        """Behind the tag that ends an element."""
        return self._tag(self._place(element)).end()

    def _is_empty(self, element: _Element) -> bool:
        return self._tag(element.start)[0].endswith(b"/>")

    def _tag(self, at: int) -> re.Match[bytes]:
        tag = _TAG.match(self.data, at)
        if tag is None:
            raise DamagedError("no XMP: a tag does not end")
        return tag


def plain(text: str) -> str:
    """A text without characters that XML cannot hold."""
    return _FORBIDDEN.sub("\ufffd", text)


def _unprefixed(name: str) -> str:
    """A parser's name without the prefix behind it."""
    parts = name.split(" ")
    return " ".join(parts[:2])


def read(xmp: bytes | None, name: Name) -> str | None:
    """What a simple property says; None if there is none, or no packet that can be read."""
    if not xmp:
        return None
    try:
        return _Scan(_utf8(xmp)[0], frozenset({name.key})).values.get(name.key)
    except DamagedError:
        return None


def changed(xmp: bytes | None, properties: Mapping[Name, str | None]) -> bytes:
    """A packet that says something else in some properties, and the same in all others.

    Args:
        xmp: the packet; None or empty makes one.
        properties: their new values, without what XML cannot hold; None takes one away.

    Raises:
        DamagedError: if the packet cannot be read: it is no RDF, or a document type is declared.
    """
    data, tail = _utf8(xmp or _EMPTY)
    scan = _Scan(data, frozenset(name.key for name in properties))
    given = {name: value for name, value in properties.items() if value is not None}
    if scan.end is None:
        raise DamagedError("no RDF in the XMP packet")
    edits = [(start, end, b"") for start, end in scan.cuts]
    if given:
        edits.append(_added(data, scan.end.start, _written(given, scan.about)))
    for start, end, new in sorted(edits, reverse=True):
        data = data[:start] + new + data[end:]
    return data + tail


def _added(data: bytes, at: int, new: bytes) -> tuple[int, int, bytes]:
    """The edit that puts something before the end of an element."""
    tag = _TAG.match(data, at)
    if tag is None or not tag[0].endswith(b"/>"):
        return at, at, new
    name = re.split(rb"[\s/>]", tag[0][1:], maxsplit=1)[0]
    opened = tag[0][:-2].rstrip() + b">\n"
    return at, tag.end(), opened + new + b"</" + name + b">"


def _written(properties: Mapping[Name, str], about: str) -> bytes:
    spaces = {name.prefix: name.namespace for name in properties} | {"rdf": _RDF}
    declared = "".join(f" xmlns:{p}={quoteattr(uri)}" for p, uri in sorted(spaces.items()))
    lines = [f"<rdf:Description rdf:about={quoteattr(about)}{declared}>"]
    for name, value in properties.items():
        text = escape(plain(value), {"\r": "&#13;"})
        lines.append(f" <{name.prefix}:{name.local}>{text}</{name.prefix}:{name.local}>")
    lines.append("</rdf:Description>\n")
    return "\n".join(lines).encode()


def _utf8(xmp: bytes) -> tuple[bytes, bytes]:
    """The packet in UTF-8, and the zeros behind it with which some writers fill up."""
    if xmp.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return xmp.decode("utf-16").encode(), b""
        except UnicodeError as error:
            raise DamagedError("no XMP: it is no UTF-16") from error
    core = xmp.rstrip(b"\0")
    return core, xmp[len(core) :]
