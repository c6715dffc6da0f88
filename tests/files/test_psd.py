"""Photoshop documents, made by psd-tools and read by us; ImageMagick judges the flat picture."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from psd_tools import PSDImage
from psd_tools.constants import BlendMode as PsdMode
from psd_tools.constants import Resource
from psd_tools.psd.image_resources import ImageResource, ResoulutionInfo

from studio.api.errors import UserError
from studio.document import Group, Layer, Rect, composite
from studio.document.blend import BlendMode
from studio.files.documents import read_document

SIZE = (40, 30)


def noise(seed: int, width: int, height: int, mode: str = "RGBA") -> Image.Image:
    bands = {"RGBA": 4, "RGB": 3, "L": 1, "CMYK": 4}[mode]
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, bands), np.uint8)
    return Image.fromarray(pixels[..., 0] if bands == 1 else pixels, mode if bands == 4 else None)


@pytest.fixture
def layered(tmp_path: Path) -> Path:
    """Background, a group with a masked layer in it, and a hidden layer with a mode."""
    psd = PSDImage.new("RGB", SIZE)
    psd.create_pixel_layer(noise(0, *SIZE).convert("RGB").convert("RGBA"), name="Background")
    inner = psd.create_pixel_layer(noise(1, 20, 10), name="Inner ü", left=5, top=-4, opacity=128)
    group = psd.create_group([inner], name="Group")
    group.blend_mode = PsdMode.PASS_THROUGH
    top = psd.create_pixel_layer(noise(2, 10, 10), name="Top", left=30, top=20)
    top.blend_mode = PsdMode.SOFT_LIGHT
    top.visible = False
    path = tmp_path / "a.psd"
    psd.save(path)
    return path


def test_layers_groups_masks_and_modes(layered):
    found = read_document(layered)
    background, group, top = found.picture.nodes
    assert found.format == "Photoshop"
    assert found.picture.bounds == Rect(0, 0, *SIZE)
    assert isinstance(group, Group)
    assert group.pass_through
    (inner,) = group.children
    assert isinstance(inner, Layer)
    assert (background.name, inner.name, top.name) == ("Background", "Inner ü", "Top")
    assert inner.opacity == pytest.approx(128 / 255)
    assert (top.blend, top.visible) == (BlendMode.SOFT_LIGHT, False)
    area = Rect(5, -4, 20, 10)
    # psd-tools puts the alpha of what it is given into a layer mask.
    given = np.asarray(noise(1, 20, 10))
    np.testing.assert_array_equal(inner.raster.read(area)[..., :3], given[..., :3])
    assert inner.mask is not None
    np.testing.assert_array_equal(inner.mask.read(area), given[..., 3:])


@pytest.mark.parametrize("mode", sorted(set(PsdMode) - {PsdMode.PASS_THROUGH}))
def test_every_mode(tmp_path, mode):
    """Ours by their name; the others become normal and the notes say so."""
    psd = PSDImage.new("RGB", SIZE)
    psd.create_pixel_layer(noise(0, *SIZE), name="A").blend_mode = mode
    psd.save(tmp_path / "a.psd")
    found = read_document(tmp_path / "a.psd")
    ours = {"LINEAR_DODGE": "plus"}.get(mode.name, mode.name.lower().replace("_", "-"))
    known = ours in {each.value for each in BlendMode}
    assert found.picture.layers[0].blend.value == (ours if known else "normal")
    assert any("blend mode" in note for note in found.metadata.notes) != known


def test_profile_and_resolution(tmp_path, foreign_profile):
    psd = PSDImage.new("RGB", SIZE)
    psd.create_pixel_layer(noise(0, *SIZE), name="A")
    key = Resource.ICC_PROFILE
    psd.image_resources[key] = ImageResource(key=key, data=foreign_profile)
    key = Resource.RESOLUTION_INFO
    inches = ResoulutionInfo(300 << 16, 1, 1, 240 << 16, 1, 1)
    psd.image_resources[key] = ImageResource(key=key, data=inches)
    psd.save(tmp_path / "a.psd")
    found = read_document(tmp_path / "a.psd")
    assert found.picture.icc == found.metadata.icc == foreign_profile
    assert found.metadata.dpi == (300.0, 240.0)


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_without_layers(tmp_path, mode):
    picture = noise(3, *SIZE, mode)
    PSDImage.frompil(picture).save(tmp_path / "a.psd")
    found = read_document(tmp_path / "a.psd")
    shown = composite(found.picture)
    np.testing.assert_array_equal(shown[..., :3], np.asarray(picture.convert("RGB")))
    assert (shown[..., 3] == 255).all()
    assert found.metadata.gray == (mode == "L")


def test_cmyk_is_converted(tmp_path):
    # Photoshop stores light where Pillow has ink, and psd-tools writes what it is given.
    PSDImage.frompil(Image.new("CMYK", SIZE, (255, 0, 0, 255))).save(tmp_path / "a.psd")
    found = read_document(tmp_path / "a.psd")
    assert composite(found.picture)[0, 0].tolist() == [255, 0, 0, 255]
    assert any("CMYK" in note for note in found.metadata.notes)


def test_sixteen_bits(tmp_path):
    """Written by hand: header, no layers, three planes of 16 bits."""
    values = np.random.default_rng(0).integers(0, 65536, (3, 5, 7), np.uint16)
    header = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 5, 7, 16, 3)
    empty = struct.pack(">I", 0)
    data = header + empty * 3 + struct.pack(">H", 0) + values.astype(">u2").tobytes()
    (tmp_path / "a.psd").write_bytes(data)
    found = read_document(tmp_path / "a.psd")
    np.testing.assert_array_equal(composite(found.picture)[..., :3], np.moveaxis(values, 0, 2))


MAGICK = shutil.which("convert")
if (
    MAGICK
    and b"ImageMagick"
    not in subprocess.run([MAGICK, "-version"], capture_output=True, check=False).stdout
):
    MAGICK = None  # something else of that name


@pytest.mark.skipif(not MAGICK, reason="ImageMagick is not installed")
def test_imagemagick_sees_the_same(layered, tmp_path):
    found = read_document(layered)
    flat = tmp_path / "flat.png"
    subprocess.run([str(MAGICK), f"{layered}[1]", "-depth", "8", str(flat)], check=True)
    with Image.open(flat) as picture:
        theirs = np.asarray(picture.convert("RGBA"))
    ours = found.picture.layers[0].raster.read(Rect(0, 0, theirs.shape[1], theirs.shape[0]))
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5])
def test_cut_short(layered, share):
    layered.write_bytes(layered.read_bytes()[: int(layered.stat().st_size * share)])
    with pytest.raises(UserError) as caught:
        read_document(layered)
    assert caught.value.hint


@pytest.mark.parametrize(("width", "height", "depth", "says"), [
    (0, 5, 8, "no pixels"), (300_000, 300_000, 8, "megapixels"), (5, 5, 32, "32 bits"),
])  # fmt: skip
def test_headers_that_make_no_sense(tmp_path, width, height, depth, says):
    out = io.BytesIO()
    out.write(struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, height, width, depth, 3) + bytes(40))
    (tmp_path / "a.psd").write_bytes(out.getvalue())
    with pytest.raises(UserError, match=says):
        read_document(tmp_path / "a.psd")
