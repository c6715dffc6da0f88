"""Exports: size, profile, what goes along, the record in a PNG, and the estimate of the weight."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from studio.document import Layer, Picture, Raster
from studio.files import export
from studio.files.codec import SaveOptions
from studio.files.documents import read_document, recipe_of, write_document
from studio.files.export import trial
from studio.files.formats import FORMATS, save_filters
from studio.files.images import encode_image, read_image, write_image
from studio.files.metadata import Metadata
from studio.files.profiles import named_profiles

FLAT = [known for known in FORMATS if known.writable and not known.layers]
NAMES = [known.name for known in FLAT]
P3 = named_profiles()["Display P3"]


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """960 x 720 with broad shapes and some grain, opaque."""
    y, x = np.mgrid[0:720, 0:960]
    grain = np.random.default_rng(0).integers(-6, 7, (720, 960, 3))
    shapes = np.stack([np.sin(x / 60), np.cos(y / 50), np.sin((x + y) / 40)], axis=2)
    noisy = shapes * 90 + 128 + grain
    return np.concatenate([noisy, np.full((720, 960, 1), 255)], 2).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("kind", FLAT, ids=NAMES)
def test_the_estimate_of_a_large_picture_is_near_its_file(kind, photo, monkeypatch):
    monkeypatch.setattr(export, "EXACT_PIXELS", 100_000)
    monkeypatch.setattr(export, "_PATCH", 160)
    options = SaveOptions(quality=80)
    found = trial(kind, photo, Metadata(icc=P3), options, part=(400, 300))
    real = len(encode_image(kind, photo, Metadata(icc=P3), options)[0])
    assert not found.exact
    assert found.nbytes == pytest.approx(real, rel=0.3)
    assert found.before.shape == found.after.shape == (300, 400, 4)


@pytest.mark.parametrize("kind", FLAT, ids=NAMES)
def test_a_small_picture_is_weighed_exactly(kind, photo, tmp_path):
    small = np.ascontiguousarray(photo[:200, :300])
    options = SaveOptions(quality=40)
    found = trial(kind, small, Metadata(), options)
    path = tmp_path / f"a{kind.suffixes[0]}"
    write_image(path, small, Metadata(), options)
    assert (found.exact, found.nbytes) == (True, path.stat().st_size)
    np.testing.assert_array_equal(found.after, read_image(path).pixels)


@pytest.mark.parametrize("kind", FLAT, ids=NAMES)
def test_resized_to_srgb_without_metadata(kind, photo, tmp_path):
    path = tmp_path / f"a{kind.suffixes[0]}"
    metadata = Metadata(icc=P3, xmp=b"<x:xmpmeta/>", recipe=({"operation": "a.b"},))
    options = SaveOptions(size=(120, 80), srgb=True, metadata=False, quality=95)
    write_document(path, Picture.from_pixels(photo, icc=P3), metadata, options)
    found = read_image(path)
    assert found.pixels.shape == (80, 120, 4)
    assert (found.metadata.icc, found.metadata.xmp, recipe_of(path)) == (None, None, ())


def test_resizing_weighs_by_alpha():
    """A transparent green neighbour must not show in a red picture's edge."""
    from studio.files.pixels import resize

    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:, :, 1] = 255
    pixels[:, :3] = (255, 0, 0, 255)
    small = resize(pixels, 4, 4)
    assert small[0, 1].tolist() == [255, 0, 0, 128]


RECIPE = ({"operation": "a.b", "seed": 3, "parameters": {"x": [1, "ü"]}}, {"operation": "c.d"})


def test_records_travel_in_png(tmp_path):
    path = tmp_path / "a.png"
    picture = Picture.from_pixels(np.zeros((3, 4, 4), np.uint8))
    write_document(path, picture, Metadata(recipe=RECIPE))
    assert recipe_of(path) == RECIPE
    assert read_document(path).metadata.recipe == RECIPE
    with Image.open(path) as image:
        assert json.loads(image.info["impasto:recipe"]) == list(RECIPE)
    again = tmp_path / "b.png"
    write_document(again, read_document(path).picture, read_document(path).metadata)
    assert recipe_of(again) == RECIPE


@pytest.mark.parametrize("text", ["{", "[1, 2]", '{"a": 1}', "\0\0", "[" * 100_000])
def test_records_that_make_no_sense_are_ignored(tmp_path, text):
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("impasto:recipe", text)
    Image.new("RGB", (3, 3)).save(tmp_path / "a.png", pnginfo=info)
    assert read_document(tmp_path / "a.png").metadata.recipe == ()


def test_layers_are_merged_for_flat_formats_with_a_note(tmp_path):
    picture = Picture.from_pixels(np.full((5, 5, 4), 255, np.uint8))
    top = Layer("top", Raster.from_array(np.full((2, 2, 4), (9, 9, 9, 255), np.uint8)))
    notes = write_document(
        tmp_path / "a.png", picture.replaced(nodes=(*picture.nodes, top)), Metadata()
    )
    assert "layers were merged" in " ".join(notes)
    assert read_image(tmp_path / "a.png").pixels[0, 0].tolist() == [9, 9, 9, 255]
    assert write_document(tmp_path / "a.ora", picture, Metadata()) == ()


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    from studio.files.openraster import writing

    path = tmp_path / "a.ora"
    picture = Picture.from_pixels(np.full((5, 5, 4), 255, np.uint8))
    write_document(path, picture, Metadata())
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "write_stack", full)
    with pytest.raises(Exception, match="space"):
        write_document(path, picture, Metadata())
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.ora"]


def test_filters_begin_with_the_project_format_for_layers():
    assert save_filters(layers_first=True)[0].startswith("OpenRaster")
    assert save_filters()[0].startswith("PNG")
