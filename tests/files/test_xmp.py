"""Changing single properties of XMP packets: the rest stays, byte for byte."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.files.ifd import DamagedError
from studio.files.xmp import Name, changed, plain, read

TITLE = Name("http://example.org/ours", "ours", "Title")
OTHER = Name("http://example.org/ours", "ours", "Other")
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

LONG = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="somebody">'
    f'<r:RDF xmlns:r="{RDF}">'
    '<r:Description r:about="uuid:1" xmlns:o="http://example.org/ours" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="a > b">'
    "<!-- kept --><o:Title>the old one</o:Title><dc:creator><r:Seq><r:li>Ü &amp; me</r:li></r:Seq>"
    "</dc:creator></r:Description>\n"
    "</r:RDF></x:xmpmeta>" + " " * 40 + '<?xpacket end="w"?>'
).encode()
SHORT = LONG.replace(b'dc:format="a > b"', b"dc:format='a > b' o:Title = 'the old one'").replace(
    b"<o:Title>the old one</o:Title>", b""
)
EMPTY = f'<R:RDF xmlns:R="{RDF}" R:x="1" />'.encode()
TEXTS = st.text(st.characters(exclude_categories=()), max_size=40)


@pytest.mark.parametrize("packet", [LONG, SHORT], ids=["element", "attribute"])
def test_a_property_changes_and_nothing_else(packet):
    assert read(packet, TITLE) == "the old one"
    after = changed(packet, {TITLE: "new"})
    assert read(after, TITLE) == "new"
    without = changed(after, {TITLE: None})
    for old in (b"<o:Title>the old one</o:Title>", b" o:Title = 'the old one'"):
        packet = packet.replace(old, b"")
    assert without == packet
    assert after.startswith(packet[: packet.index(b"</r:RDF>")])
    assert after.endswith(packet[packet.index(b"</r:RDF>") :])
    assert b'about="uuid:1"' in after[len(packet) // 2 :]


@pytest.mark.parametrize("packet", [None, b"", EMPTY, LONG, LONG + b"\0\0"])
def test_changing_twice_is_changing_once(packet):
    once = changed(packet, {TITLE: "a", OTHER: "b"})
    assert changed(once, {TITLE: "a", OTHER: "b"}) == once
    assert (read(once, TITLE), read(once, OTHER)) == ("a", "b")


@given(TEXTS)
def test_any_text_comes_back_but_for_what_xml_cannot_hold(text):
    for packet in (None, LONG, EMPTY):
        after = changed(packet, {TITLE: text})
        assert read(after, TITLE) == plain(text)
        ours = after.decode().partition("?>")[2] if packet != EMPTY else after
        ET.fromstring(ours)  # noqa: S314 - written here, from a stranger's text


def test_a_resource_is_a_value_too():
    packet = LONG.replace(
        b"<o:Title>the old one</o:Title>", b'<o:Title r:resource="http://example.org/it"/>'
    )
    assert read(packet, TITLE) == "http://example.org/it"
    assert b"example.org/it" not in changed(packet, {TITLE: None})


def test_packets_of_other_encodings():
    wide = LONG.decode().encode("utf-16")
    assert read(changed(wide, {TITLE: "new"}), TITLE) == "new"


@pytest.mark.parametrize(
    "packet",
    [
        b"<x",
        b"\0\0\0",
        b"<x:xmpmeta/>",
        b"<a>no RDF</a>",
        b"\xff\xfe\x00",
        b'<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>',
        LONG[:-30].replace(b"</r:RDF>", b""),
    ],
)
def test_what_is_no_packet_is_refused_and_says_nothing(packet):
    with pytest.raises(DamagedError):
        changed(packet, {TITLE: "new"})
    assert read(packet, TITLE) is None
