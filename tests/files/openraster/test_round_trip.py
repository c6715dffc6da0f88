"""Whatever a document holds comes back from OpenRaster bit for bit."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from studio.document import Group, Guide, Layer, Picture, Raster, Rect, Text, composite
from studio.document.blend import BlendMode
from studio.files.documents import read_document, recipe_of, write_document
from studio.files.metadata import Metadata
from studio.files.openraster import read_openraster, write_openraster
from studio.files.profiles import srgb_profile

LIMIT = 10_000_000


def stored(picture: Picture, metadata: Metadata | None = None) -> io.BytesIO:
    out = io.BytesIO()
    write_openraster(out, picture, metadata or Metadata())
    out.seek(0)
    return out


def entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(path: Path, changes: dict[str, bytes | None]) -> None:
    """The same file with other entries, as an editor that keeps unknown ones would write it."""
    found = {**entries(path), **changes}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in found.items():
            if data is not None:
                archive.writestr(name, data)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_random_documents_come_back_bit_for_bit(data, pictures):
    picture = data.draw(pictures())
    back, metadata = read_openraster(stored(picture), LIMIT)
    assert back == picture
    assert metadata.icc == picture.icc
    again, _ = read_openraster(stored(back, metadata), LIMIT)
    assert again == picture


def test_metadata_and_records_come_back(tmp_path, make_exif):
    path = tmp_path / "a.ora"
    metadata = Metadata(
        exif=make_exif().removeprefix(b"Exif\0\0"),
        xmp=b"<x:xmpmeta/>",
        dpi=(299.5, 300.0),
        gray=True,
        source_alpha=True,
        recipe=({"operation": "a.b", "seed": 3}, {"operation": "c.d", "parameters": {"x": [1]}}),
    )
    write_document(path, Picture.from_pixels(np.zeros((9, 7, 4), np.uint8)), metadata)
    found = read_document(path)
    assert found.format == "OpenRaster"
    assert found.metadata == metadata
    assert recipe_of(path) == metadata.recipe


def test_layout_is_what_the_standard_says(tmp_path, noise):
    """First entry, its method, and pictures that an independent reader opens."""
    group = Group(
        "Inner", (Layer("A", Raster.from_array(noise(1, 20, 30, 4, np.uint8), 5, -3)),),
        opacity=0.5, blend=BlendMode.MULTIPLY,
    )  # fmt: skip
    base = Layer("Base", Raster.from_array(noise(2, 300, 400, 4, np.uint8)), locked=True)
    path = tmp_path / "a.ora"
    picture = Picture(400, 300, (base, group), group.id)
    write_document(path, picture, Metadata(dpi=(300, 300)))
    assert path.read_bytes()[30:54] == b"mimetypeimage/openraster"
    with zipfile.ZipFile(path) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        xml = archive.read("stack.xml").decode()
        merged = np.asarray(Image.open(archive.open("mergedimage.png")))
        thumbnail = Image.open(archive.open("Thumbnails/thumbnail.png"))
        layer = Image.open(archive.open("data/layer-001.png"))
    assert thumbnail.size == (256, 192)
    assert layer.size == (30, 20)
    np.testing.assert_array_equal(merged, composite(picture))
    for said in (
        'w="400" h="300" xres="300" yres="300"',
        'x="5" y="-3"',
        'opacity="0.5"',
        'composite-op="svg:multiply"',
        'isolation="isolate"',
        'edit-locked="true"',
        'selected="true"',
    ):
        assert said in xml, said


def test_masked_pixels_are_public_and_the_mask_private(tmp_path, noise):
    pixels = noise(3, 40, 50, 4, np.uint16)
    mask = noise(4, 40, 50, 1, np.uint8)
    layer = Layer("A", Raster.from_array(pixels), mask=Raster.from_array(mask))
    path = tmp_path / "a.ora"
    write_document(path, Picture(50, 40, (layer,), layer.id), Metadata())
    with zipfile.ZipFile(path) as archive:
        import imagecodecs

        public = imagecodecs.png_decode(archive.read("data/layer-000.png"))
    expected = np.rint(pixels[..., 3] * (mask[..., 0] / 255))
    assert np.abs(public[..., 3] - expected).max() <= 1
    assert read_document(path).picture.layers[0] == layer


def changed_layer(path: Path) -> np.ndarray:
    with zipfile.ZipFile(path) as archive:
        public = np.asarray(Image.open(archive.open("data/layer-000.png"))).copy()
    public[0, 0] = (1, 2, 3, 255)
    out = io.BytesIO()
    Image.fromarray(public).save(out, "PNG")
    rewritten(path, {"data/layer-000.png": out.getvalue()})
    return public


def test_an_edit_by_another_program_wins(tmp_path, noise):
    words = Text("hello", "Sans", 12, (0, 0, 0), 0, 0)
    layer = Layer(
        "A", Raster.from_array(noise(5, 30, 30, 4, np.uint8)),
        mask=Raster.from_array(noise(6, 30, 30, 1, np.uint8)), text=words,
    )  # fmt: skip
    path = tmp_path / "a.ora"
    write_document(path, Picture(30, 30, (layer,), layer.id), Metadata())
    public = changed_layer(path)
    found = read_document(path)
    (back,) = found.picture.layers
    assert back.mask is None
    assert back.text is None
    np.testing.assert_array_equal(back.raster.read(Rect(0, 0, 30, 30)), public)
    assert any("another program" in note for note in found.metadata.notes)


def test_names_moves_and_modes_set_by_another_program_win(tmp_path, noise):
    layer = Layer(
        "A", Raster.from_array(noise(5, 30, 30, 4, np.uint8)),
        mask=Raster.from_array(noise(6, 30, 30, 1, np.uint8)),
    )  # fmt: skip
    path = tmp_path / "a.ora"
    write_document(path, Picture(30, 30, (layer,), layer.id), Metadata())
    xml = entries(path)["stack.xml"].decode()
    xml = xml.replace('name="A"', 'name="B"').replace("svg:src-over", "svg:screen")
    rewritten(path, {"stack.xml": xml.encode()})
    (back,) = read_document(path).picture.layers
    assert (back.name, back.blend, back.mask) == ("B", BlendMode.SCREEN, layer.mask)


@pytest.mark.parametrize("record", [b"{", b"[]", b'{"format": 99}', b"\xff\xfe\0"])
def test_a_damaged_record_costs_only_what_was_in_it(tmp_path, noise, record):
    layer = Layer("A", Raster.from_array(noise(5, 30, 30, 4, np.uint8)))
    path = tmp_path / "a.ora"
    picture = Picture(30, 30, (layer,), layer.id, guides=(Guide(True, 3.0),))
    write_document(path, picture, Metadata())
    rewritten(path, {"impasto/document.json": record})
    found = read_document(path)
    # That sRGB was only meant, not given, was in the record too.
    assert found.picture == picture.replaced(guides=(), icc=srgb_profile())
    assert any("damaged" in note for note in found.metadata.notes)


def test_a_group_mask_is_public_as_dst_in(tmp_path, noise):
    inside = Layer("A", Raster.from_array(noise(1, 40, 40, 4, np.uint8)))
    mask = Raster.from_array(noise(2, 40, 40, 1, np.uint8))
    group = Group("G", (inside,), mask=mask)
    path = tmp_path / "a.ora"
    write_document(path, Picture(40, 40, (group,), inside.id), Metadata())
    assert 'composite-op="svg:dst-in"' in entries(path)["stack.xml"].decode()
    rewritten(path, {"impasto/document.json": None})
    (back,) = read_document(path).picture.nodes
    assert isinstance(back, Group)
    assert (back.mask, len(back.children)) == (mask, 1)


def test_pass_through_groups_say_what_others_see(tmp_path, noise):
    inside = Layer("A", Raster.from_array(noise(1, 9, 9, 4, np.uint8)), blend=BlendMode.SCREEN)
    whole = Group("whole", (inside,), pass_through=True)
    half = Group("half", (inside.replaced(id="x"),), pass_through=True, opacity=0.5)
    path = tmp_path / "a.ora"
    picture = Picture(9, 9, (whole, half), inside.id)
    notes = write_document(path, picture, Metadata())
    assert len(notes) == 1
    assert "half" in notes[0]
    xml = entries(path)["stack.xml"].decode()
    assert xml.count('isolation="auto"') == 1
    assert xml.count('isolation="isolate"') == 1
    assert read_document(path).picture == picture


def test_the_same_picture_gives_the_same_bytes(noise):
    picture = Picture.from_pixels(noise(1, 40, 40, 4, np.uint8))
    assert stored(picture).getvalue() == stored(picture).getvalue()


def test_saving_again_keeps_unchanged_layers_and_writes_changed_ones(tmp_path, noise):
    """Also with layers reordered, which gives their entries other names."""
    layers = tuple(
        Layer(f"L{i}", Raster.from_array(noise(i, 50, 60, 4, np.uint8), i, -i),
              mask=Raster.from_array(noise(9 + i, 50, 60, 1, np.uint8)) if i else None)
        for i in range(3)
    )  # fmt: skip
    path = tmp_path / "a.ora"
    first = Picture(60, 50, layers, layers[0].id)
    write_document(path, first, Metadata())
    painted = layers[1].replaced(raster=layers[1].raster.write(0, 0, noise(77, 5, 5, 4, np.uint8)))
    second = first.replaced(nodes=(layers[2], layers[0], painted))
    write_document(path, second, Metadata())
    fresh = tmp_path / "fresh.ora"
    write_document(fresh, second, Metadata())
    assert entries(path) == entries(fresh)
    assert read_document(path).picture == second


def test_a_file_changed_since_is_not_copied_from(tmp_path, noise):
    layer = Layer("A", Raster.from_array(noise(5, 30, 30, 4, np.uint8)))
    picture = Picture(30, 30, (layer,), layer.id)
    path = tmp_path / "a.ora"
    write_document(path, picture, Metadata())
    changed_layer(path)
    write_document(path, picture, Metadata())
    assert read_document(path).picture == picture


def test_options_leave_private_things_out(tmp_path):
    from studio.files.codec import SaveOptions

    path = tmp_path / "a.ora"
    metadata = Metadata(xmp=b"<secret/>", recipe=({"operation": "a.b"},))
    picture = Picture.from_pixels(np.zeros((9, 7, 4), np.uint8))
    write_document(path, picture, metadata, SaveOptions(metadata=False))
    assert b"secret" not in path.read_bytes()
    assert json.loads(entries(path)["impasto/document.json"])["recipe"] == []


def test_strategies_make_every_field(pictures: Callable[[], object]):
    """A field that documents gain has to be in the strategies, or the round trip says nothing."""
    known = {
        Layer: "name raster id visible opacity mask blend locked text",
        Group: "name children id visible opacity mask blend locked pass_through",
        Picture: "width height nodes active icc selection guides mask_active",
        Text: "content family size color x y bold italic align",
    }
    for kind, names in known.items():
        assert {field.name for field in dataclasses.fields(kind)} == set(names.split())
