"""Files that are broken, or made to do harm, are refused with a reason."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.api.errors import UserError
from studio.document import Group, Picture
from studio.document.blend import BlendMode
from studio.files.documents import read_document, write_document
from studio.files.images import read_image
from studio.files.metadata import Metadata

LIMIT = 1_000_000


def png(width: int = 4, height: int = 3, color: tuple[int, ...] = (9, 8, 7, 255)) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (width, height), color).save(out, "PNG")
    return out.getvalue()


def ora(path: Path, xml: str | bytes, **entries: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        archive.writestr("stack.xml", xml)
        for name, data in entries.items():
            archive.writestr(f"data/{name}.png", data, zipfile.ZIP_DEFLATED)
    return path


def refused(path: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        read_document(path, max_pixels=LIMIT)
    assert caught.value.hint
    return caught.value


LAYER = '<layer name="A" src="data/a.png"/>'
WHOLE = f'<image w="4" h="3"><stack>{LAYER}</stack></image>'
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
) + WHOLE.replace('name="A"', 'name="&b;"')


@pytest.mark.parametrize(
    ("xml", "says"),
    [
        ("", "damaged"),
        ("<image", "damaged"),
        ("<picture/>", '"picture"'),
        ('<image w="4" h="3"/>', "missing"),
        ('<image h="3"><stack/></image>', "w="),
        ('<image w="x" h="3"><stack/></image>', 'w="x"'),
        ('<image w="nan" h="3"><stack/></image>', 'w="nan"'),
        ('<image w="0" h="3"><stack/></image>', "no pixels"),
        ('<image w="99999" h="99999"><stack/></image>', "megapixels"),
        (WHOLE.replace("a.png", "b.png"), "missing"),
        (WHOLE.replace("data/a.png", "../a.png"), "outside"),
        (WHOLE.replace("data/a.png", "/etc/passwd.png"), "outside"),
        (WHOLE.replace("data/a.png", "..\\\\a.png"), "outside"),
        (WHOLE.replace("a.png", "a.svg"), "no PNG"),
        (WHOLE.replace(' src="data/a.png"', ""), "names no picture"),
        (WHOLE.replace("src=", 'opacity="2" src='), "opacity"),
        (WHOLE.replace("src=", 'opacity="-inf" src='), "opacity"),
        (WHOLE.replace("src=", 'x="1e12" src='), "x="),
        (BOMB, "entities"),
        (BOMB.encode("utf-16"), "entities"),
        ("<image w='4' h='3'>" + "<stack>" * 900 + "</stack>" * 900 + "</image>", "nested"),
    ],
)
def test_broken_lists_of_layers(tmp_path, xml, says):
    path = tmp_path / "a.ora"
    error = refused(ora(path, xml, a=png()) if says != "no PNG" else _with_svg(path, xml))
    assert says in error.message, error.message


def _with_svg(path: Path, xml: str | bytes) -> Path:
    ora(path, xml)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("data/a.svg", "<svg/>")
    return path


def test_a_zip_of_something_else_is_refused(tmp_path):
    path = tmp_path / "a.ora"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/x-krita")
    assert "zip archive" in refused(path).message


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_cut_short(tmp_path, share):
    path = tmp_path / "a.ora"
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 4), np.uint8)
    write_document(path, Picture.from_pixels(noise), Metadata())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert refused(path).message


def test_damaged_bytes_are_noticed(tmp_path):
    """Every entry has a checksum: no flipped byte of a picture gets through as other pixels."""
    path = tmp_path / "a.ora"
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 256, (30, 30, 4), np.uint8)
    picture = Picture.from_pixels(noise)
    write_document(path, picture, Metadata())
    whole = path.read_bytes()
    for at in rng.integers(60, len(whole), 80):
        broken = bytearray(whole)
        broken[at] ^= 0x5A
        path.write_bytes(broken)
        try:
            found = read_document(path, max_pixels=LIMIT)
        except UserError:
            continue
        np.testing.assert_array_equal(
            found.picture.layers[0].raster.read(picture.bounds), noise, err_msg=str(at)
        )


def test_a_layer_larger_than_allowed_is_not_decoded(tmp_path):
    """30000 x 30000 of nothing packs well: the header has to be enough to refuse it."""
    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 6, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 13, b"IHDR") + header
    bomb += struct.pack(">I", zlib.crc32(b"IHDR" + header))
    path = ora(tmp_path / "a.ora", WHOLE, a=bomb)
    tracemalloc.start()
    try:
        message = refused(path).message
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "megapixels" in message
    assert peak < 30_000_000


def test_many_layers_of_allowed_size_are_too_much_together(tmp_path):
    layers = "".join(f'<layer name="{i}" src="data/l{i}.png"/>' for i in range(6))
    xml = f'<image w="4" h="3"><stack>{layers}</stack></image>'
    large = png(1000, 900)
    path = ora(tmp_path / "a.ora", xml, **{f"l{i}": large for i in range(6)})
    assert "together" in refused(path).message


def test_an_entry_that_unpacks_to_too_much(tmp_path):
    path = tmp_path / "a.ora"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        archive.writestr("stack.xml", b" " * (65 << 20), zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 200_000
    assert "unreasonable size" in refused(path).message


def test_private_entries_may_be_as_wrong_as_they_like(tmp_path):
    """A record that names nonsense is an error with a reason, never a crash."""
    path = tmp_path / "a.ora"
    ora(path, WHOLE, a=png())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(
            "impasto/document.json",
            '{"format": 1, "nodes": 5, "guides": {"a": 1}, "active": ["x"], "dpi": "many", '
            '"recipe": 7, "selection": {"src": "../../x.png", "x": "left"}}',
        )
    assert "outside" in refused(path).message


# Files of other programs


def test_relative_offsets_unknown_modes_and_parts(tmp_path):
    xml = """<image w="40" h="30" xres="72"><stack>
      <filter type="blur"/>
      <stack name="G" x="10" y="2" opacity="0.5" composite-op="svg:screen">
        <layer name="in" x="3" y="-5" src="data/a.png" composite-op="svg:src-atop"/>
      </stack>
      <stack name="loose"><layer src="data/a.png" visibility="hidden"/></stack>
      <layer name="dodge" src="data/a.png" composite-op="color-dodge" selected="true"/>
    </stack></image>"""
    found = read_document(ora(tmp_path / "a.ora", xml, a=png()))
    dodge, loose, group = found.picture.nodes
    assert isinstance(group, Group)
    assert isinstance(loose, Group)
    assert (group.blend, group.opacity, group.pass_through) == (BlendMode.SCREEN, 0.5, False)
    assert loose.pass_through
    assert not loose.children[0].visible
    assert dodge.blend is BlendMode.COLOR_DODGE
    assert found.picture.active == dodge.id
    (inside,) = group.children
    assert inside.raster.read(found.picture.bounds)[0, 13:17, 0].tolist() == [0] * 4
    assert inside.raster.tiles[0, -1][253, 13].tolist() == [9, 8, 7, 255]
    assert found.metadata.dpi == (72.0, 72.0)
    notes = " ".join(found.metadata.notes)
    assert "src-atop" in notes
    assert "filter" in notes


def test_an_empty_stack_gets_a_layer(tmp_path):
    found = read_document(ora(tmp_path / "a.ora", '<image w="4" h="3"><stack/></image>'))
    assert len(found.picture.layers) == 1


def test_layers_of_several_depths_and_profiles_meet_in_one(tmp_path, foreign_profile):
    import imagecodecs

    deep = imagecodecs.png_encode(np.full((3, 4, 4), 65535, np.uint16))
    tagged = io.BytesIO()
    Image.new("RGB", (4, 3), (100, 150, 200)).save(tagged, "PNG", icc_profile=foreign_profile)
    xml = (
        '<image w="4" h="3"><stack><layer name="t" src="data/a.png"/>'
        '<layer name="b" src="data/b.png"/></stack></image>'
    )
    path = ora(tmp_path / "a.ora", xml, a=tagged.getvalue(), b=deep)
    found = read_document(path)
    assert found.picture.dtype == np.uint16
    assert found.picture.icc == foreign_profile
    assert any("converted" in note for note in found.metadata.notes)


def test_flat_readers_get_what_it_shows(tmp_path):
    image = read_image(ora(tmp_path / "a.ora", WHOLE, a=png()))
    assert image.format == "OpenRaster"
    assert (image.pixels == (9, 8, 7, 255)).all()
