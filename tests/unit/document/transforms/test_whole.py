"""Edits of the whole canvas: exact inverses, quality, and that everything goes along."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from studio.api.errors import UserError
from studio.document import Group, Guide, Layer, Picture, Raster, Rect, Text, composite
from studio.document.transforms import (
    Resampling,
    canvas_size,
    crop_to,
    flip,
    image_size,
    rotate,
    rotate_quarters,
    trim,
)
from studio.document.transforms.whole import straightened_size

METHODS = [method for method in Resampling if method is not Resampling.NEAREST]


def noise(width, height, dtype=np.uint8, channels=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(1, np.iinfo(dtype).max, (height, width, channels), dtype, endpoint=True)


def rich(width, height, dtype=np.uint8, seed=0):
    """A layer, a group with a mask around a masked layer, a selection, guides, text."""
    base = Layer("Base", Raster.from_array(noise(width, height, dtype, seed=seed)))
    mask = Raster.from_array(noise(width, height, np.uint8, 1, seed + 1))
    words = Text("hello", "Sans", 12.0, (1, 2, 3), 3.0, 4.0)
    pixels = Raster.from_array(noise(width, height, dtype, seed=seed + 2))
    inner = Layer("Inner", pixels, mask=mask, text=words)
    group = Group("Group", (inner,), mask=Raster.from_array(noise(width, height, np.uint8, 1, 9)))
    selection = Raster.from_array(noise(width, height, np.uint8, 1, seed + 3))
    guides = (Guide(True, 2.0), Guide(False, float(height)))
    return Picture(width, height, (base, group), base.id, selection=selection, guides=guides)


def photograph(width=240, height=180):
    """Smooth shapes, fine stripes and a little noise: something that aliases if it may."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    red = 127 + 90 * np.sin(x / 9) * np.cos(y / 13)
    green = 127 + 80 * np.sin((x * x + y * y) / 900)
    blue = (x * 255 / width + 40 * (np.hypot(x - 120, y - 90) < 50)) % 256
    grain = np.random.default_rng(5).normal(0, 3, (height, width, 3))
    return np.clip(np.stack([red, green, blue], 2) + grain, 0, 255).astype(np.uint8)


def opaque(rgb, dtype=np.uint8):
    factor = np.iinfo(dtype).max // 255
    alpha = np.full((*rgb.shape[:2], 1), 255, np.uint8)
    return (np.concatenate([rgb, alpha], 2).astype(np.uint32) * factor).astype(dtype)


def psnr(a, b):
    error = np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)
    return 10 * np.log10(255**2 / max(error, 1e-9))


sizes = st.integers(1, 40)
depths = st.sampled_from([np.uint8, np.uint16])


def same_pixels(before, after):
    assert (after.width, after.height) == (before.width, before.height)
    assert after.selection == before.selection
    for old, new in zip(before.walk(), after.walk(), strict=True):
        assert old[0].mask == new[0].mask
        assert not isinstance(old[0], Layer) or old[0].raster == new[0].raster


@given(sizes, sizes, depths, st.sampled_from(["horizontal", "vertical"]))
def test_flipping_twice_is_the_same_and_once_is_exact(width, height, dtype, axis):
    picture = rich(width, height, dtype)
    once = flip(axis)(picture)
    part = np.s_[:, ::-1] if axis == "horizontal" else np.s_[::-1]
    assert np.array_equal(composite(once), composite(picture)[part])
    twice = flip(axis)(once)
    same_pixels(picture, twice)
    assert twice.guides == picture.guides


@given(sizes, sizes, depths)
def test_four_quarter_turns_are_the_same_and_one_is_exact(width, height, dtype):
    picture = rich(width, height, dtype)
    once = rotate_quarters(1)(picture)
    assert (once.width, once.height) == (height, width)
    assert np.array_equal(composite(once), np.rot90(composite(picture), -1))
    assert [guide.vertical for guide in once.guides] == [False, True]
    same_pixels(picture, rotate_quarters(-1)(once))
    same_pixels(rotate_quarters(2)(picture), rotate(180)(picture))
    back = picture
    for _ in range(4):
        back = rotate_quarters(1)(back)
    same_pixels(picture, back)
    assert back.guides == picture.guides


@given(st.integers(-30, 30), st.integers(-30, 30), st.integers(1, 60), st.integers(1, 60), depths)
def test_another_canvas_keeps_what_is_outside_and_the_way_back_restores_it(x, y, w, h, dtype):
    picture = rich(20, 17, dtype).replaced(selection=None)
    cut = canvas_size(Rect(x, y, w, h))(picture)
    assert (cut.width, cut.height) == (w, h)
    same_pixels(picture, canvas_size(Rect(-x, -y, 20, 17))(cut))
    common = Rect(x, y, w, h).intersected(picture.bounds)
    if not common.empty:
        there = Rect(common.x - x, common.y - y, common.width, common.height)
        assert np.array_equal(composite(cut, there), composite(picture, common))


def test_a_larger_canvas_is_transparent_or_filled():
    picture = Picture.from_pixels(opaque(photograph(30, 20)))
    clear = canvas_size(Rect(-5, 0, 40, 20))(picture)
    assert not composite(clear, Rect(0, 0, 5, 20)).any()
    assert not composite(clear, Rect(35, 0, 5, 20)).any()
    filled = canvas_size(Rect(-5, -3, 40, 26), fill=(10, 20, 30))(picture)
    assert (composite(filled)[:3] == (10, 20, 30, 255)).all()


def test_cropping_deletes_or_keeps_what_is_outside():
    picture = rich(60, 50)
    dropped = crop_to(Rect(10, 10, 20, 20))(picture)
    kept = crop_to(Rect(10, 10, 20, 20), delete=False)(picture)
    assert np.array_equal(composite(dropped), composite(kept))
    back = canvas_size(Rect(-10, -10, 60, 50))
    assert np.array_equal(composite(back(kept)), composite(picture))
    assert not composite(back(dropped), Rect(0, 0, 60, 10)).any()
    (inner,) = [layer for layer in kept.layers if layer.name == "Inner"]
    assert (inner.text.x, inner.text.y) == (-7, -6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(61, 33), (500, 400), (240, 20)])
def test_what_is_opaque_stays_opaque_up_to_the_border(method, dtype, size):
    picture = Picture.from_pixels(opaque(photograph(), dtype))
    after = image_size(*size, method)(picture)
    assert composite(after).shape[:2] == size[::-1]
    assert (composite(after)[..., 3] == np.iinfo(dtype).max).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("linear", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_colour_of_clear_pixels_does_not_bleed(method, linear, dtype):
    top = np.iinfo(dtype).max
    pixels = np.zeros((40, 40, 4), dtype)
    pixels[..., 1] = top  # green, unseen
    pixels[8:31, 8:31] = (top, 0, 0, top)
    picture = Picture.from_pixels(pixels)
    for edit in (image_size(13, 17, method, linear=linear), rotate(17, method=method)):
        after = composite(edit(picture))
        seen = after[after[..., 3] > 0]
        assert len(seen)
        assert (seen[:, 0] >= top * 0.995).all()
        assert (seen[:, 1] <= top * 0.005).all()


def test_shrinking_is_as_good_as_pillows_lanczos():
    rgb = photograph()
    wanted = np.asarray(Image.fromarray(rgb).resize((77, 58), Image.Resampling.LANCZOS))
    small = image_size(77, 58, Resampling.LANCZOS)(Picture.from_pixels(opaque(rgb)))
    assert psnr(composite(small)[..., :3], wanted) > 50
    deep = image_size(77, 58)(Picture.from_pixels(opaque(rgb, np.uint16)))
    assert psnr(composite(deep)[..., :3] / 257, wanted) > 50


def test_there_and_back_by_a_small_angle_comes_close():
    picture = Picture.from_pixels(opaque(photograph()))
    there = rotate(7, expand=False)(picture)
    back = composite(rotate(-7, expand=False)(there))[60:120, 80:160, :3]
    wanted = composite(picture)[60:120, 80:160, :3]
    image = Image.fromarray(photograph())
    for angle in (-7, 7):
        image = image.rotate(angle, Image.Resampling.BICUBIC)
    pillow = np.asarray(image)[60:120, 80:160]
    assert psnr(back, wanted) > psnr(pillow, wanted) - 0.5
    assert psnr(back, wanted) > 30


def test_linear_light_keeps_the_brightness_of_fine_stripes():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[::2] = 255
    picture = Picture.from_pixels(opaque(stripes))
    plain = composite(image_size(16, 16, Resampling.AREA)(picture))[8, 8, 0]
    light = composite(image_size(16, 16, Resampling.AREA, linear=True)(picture))[8, 8, 0]
    assert plain in (127, 128)
    assert light in (187, 188)  # sRGB of half the light


def test_linear_light_of_equal_size_loses_nothing():
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, 2)
    wide = image_size(256, 2, Resampling.AREA, linear=True)(Picture.from_pixels(opaque(ramp)))
    assert np.array_equal(composite(wide)[0, :, :3], ramp[0])


def test_image_size_takes_masks_selection_guides_and_text_along():
    picture = rich(40, 30)
    after = image_size(80, 60, Resampling.NEAREST)(picture)
    for layer, old in zip(after.layers, picture.layers, strict=True):
        twice = np.repeat(np.repeat(old.raster.read(picture.bounds), 2, 0), 2, 1)
        assert np.array_equal(layer.raster.read(after.bounds), twice)
    assert after.guides == (Guide(True, 4.0), Guide(False, 60.0))
    text = after.layers[1].text
    assert (text.x, text.y, text.size) == (6, 8, 24)
    assert after.selection.read(after.bounds).shape == (60, 80, 1)
    assert image_size(80, 30)(picture).layers[1].text is None


def test_pixels_beyond_the_canvas_are_scaled_too():
    raster = Raster.from_array(opaque(photograph(30, 30)), -10, -10)
    picture = Picture.from_pixels(opaque(photograph(20, 20)))
    picture = picture.with_layer(picture.layers[0].replaced(raster=raster))
    after = image_size(10, 10)(picture).layers[0].raster
    assert (after.read(Rect(-5, -5, 15, 15))[..., 3] == 255).all()
    assert not after.read(Rect(-8, -8, 3, 30)).any()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_straightening_inside_the_picture_has_no_clear_corner(dtype):
    picture = Picture.from_pixels(opaque(photograph(), dtype))
    width, height = straightened_size(240, 180, 8)
    rect = Rect(round((240 - width) / 2) + 1, round((180 - height) / 2) + 1, 0, 0)
    rect = rect._replace(width=240 - 2 * rect.x, height=180 - 2 * rect.y)
    after = crop_to(rect, 8)(picture)
    assert (composite(after)[..., 3] == np.iinfo(dtype).max).all()
    assert after.bounds[2:] == rect[2:]


def test_rotating_expands_the_canvas_around_all_of_it():
    picture = Picture.from_pixels(opaque(photograph(100, 50)))
    after = rotate(30)(picture)
    area = (composite(after)[..., 3] / 255).sum()
    assert area == pytest.approx(100 * 50, rel=0.01)
    still = rotate(30, expand=False)(picture)
    assert (still.width, still.height) == (100, 50)


def test_trimming_a_transparent_and_a_plain_border():
    inner = opaque(photograph(30, 20))
    clear = Picture.from_pixels(np.zeros((60, 70, 4), np.uint8))
    clear = clear.with_layer(
        clear.layers[0].replaced(raster=clear.layers[0].raster.write(12, 7, inner))
    )
    assert np.array_equal(composite(trim()(clear)), inner)
    only_left = trim(sides=frozenset({"left"}))(clear)
    assert (only_left.width, only_left.height) == (58, 60)
    framed = np.full((60, 70, 4), 255, np.uint8)
    framed[0:5, :, 0] = 253
    framed[7:27, 12:42] = (9, 9, 9, 255)
    picture = Picture.from_pixels(framed)
    assert trim("color", 0.02)(picture).bounds[2:] == (30, 20)
    assert trim("color")(picture).bounds[2:] == (70, 55)
    with pytest.raises(UserError, match="leave nothing"):
        trim()(Picture.from_pixels(np.zeros((9, 9, 4), np.uint8)))


def test_impossible_sizes_are_refused():
    with pytest.raises(UserError, match="not possible"):
        image_size(0, 10)
    with pytest.raises(UserError, match="not possible"):
        canvas_size(Rect(0, 0, 1 << 20, 10))
