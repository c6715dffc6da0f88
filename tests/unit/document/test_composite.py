"""What a picture shows, against a naive reference in float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.document import Layer, Picture, Raster, Rect, composite

SEEDS = st.integers(0, 2**32 - 1)
DEPTHS = st.sampled_from([np.uint8, np.uint16])


def noise(rng, shape, dtype):
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def random_layer(rng, width, height, dtype):
    """A patch anywhere around the canvas, with transparent and opaque parts."""
    patch = (int(rng.integers(1, height + 40)), int(rng.integers(1, width + 40)))
    pixels = noise(rng, (*patch, 4), dtype)
    pixels[rng.random(patch) < 0.3, 3] = 0
    pixels[rng.random(patch) < 0.3, 3] = np.iinfo(dtype).max
    x, y = int(rng.integers(-40, width)), int(rng.integers(-40, height))
    mask = None
    if rng.random() < 0.4:
        kind = rng.choice([np.uint8, np.uint16])
        mask = Raster.from_array(noise(rng, (*patch, 1), kind), x, y)
    return Layer(
        "layer",
        Raster.from_array(pixels, x, y),
        visible=bool(rng.random() < 0.8),
        opacity=float(rng.choice([0, 1, 1, rng.random()])),
        mask=mask,
    )


def random_picture(seed, dtype):
    rng = np.random.default_rng(seed)
    width, height = int(rng.integers(1, 330)), int(rng.integers(1, 330))
    layers = tuple(random_layer(rng, width, height, dtype) for _ in range(rng.integers(1, 5)))
    return Picture(width, height, layers, layers[0].id)


def reference(picture, rect):
    """Premultiplied colour and alpha of source-over, in [0, 1]."""
    color = np.zeros((rect.height, rect.width, 3))
    alpha = np.zeros((rect.height, rect.width, 1))
    for layer in picture.layers:
        if not layer.visible:
            continue
        pixels = layer.raster.read(rect) / layer.raster.maximum
        cover = pixels[..., 3:] * layer.opacity
        if layer.mask is not None:
            cover = cover * (layer.mask.read(rect) / layer.mask.maximum)
        color = pixels[..., :3] * cover + color * (1 - cover)
        alpha = cover + alpha * (1 - cover)
    return color, alpha


@settings(deadline=None, max_examples=50)
@given(seed=SEEDS, dtype=DEPTHS)
def test_composite_equals_source_over_in_float64(seed, dtype):
    picture = random_picture(seed, dtype)
    got = composite(picture)
    assert got.shape == (picture.height, picture.width, 4)
    assert got.dtype == dtype
    maximum = np.iinfo(dtype).max
    color, alpha = reference(picture, picture.bounds)
    assert np.abs(got[..., 3:] - alpha * maximum).max() <= 0.51
    solid = np.broadcast_to(alpha > 0, color.shape)
    straight = color / np.where(alpha > 0, alpha, 1) * maximum
    assert np.abs(got[..., :3] - straight)[solid].max(initial=0) <= 0.6


@settings(deadline=None, max_examples=40)
@given(
    seed=SEEDS,
    dtype=DEPTHS,
    x=st.integers(-100, 350),
    y=st.integers(-100, 350),
    width=st.integers(0, 400),
    height=st.integers(0, 400),
)
def test_a_part_shows_what_the_whole_shows_there_and_nothing_outside_the_canvas(
    seed, dtype, x, y, width, height
):
    picture = random_picture(seed, dtype)
    rect = Rect(x, y, width, height)
    want = np.zeros((height, width, 4), dtype)
    inside = rect.intersected(picture.bounds)
    if not inside.empty:
        whole = composite(picture)
        want[inside.y - y : inside.bottom - y, inside.x - x : inside.right - x] = whole[
            inside.y : inside.bottom, inside.x : inside.right
        ]
    np.testing.assert_array_equal(composite(picture, rect), want)


@settings(deadline=None, max_examples=30)
@given(seed=SEEDS, dtype=DEPTHS)
def test_an_empty_layer_changes_no_bit_even_of_transparent_pixels(seed, dtype):
    rng = np.random.default_rng(seed)
    pixels = noise(rng, (40, 300, 4), dtype)
    pixels[rng.random((40, 300)) < 0.3, 3] = 0
    picture = Picture.from_pixels(pixels)
    empty = Layer("empty", Raster(dtype))
    np.testing.assert_array_equal(composite(picture), pixels)
    for layers in ((*picture.layers, empty), (empty, *picture.layers)):
        np.testing.assert_array_equal(composite(picture.replaced(nodes=layers)), pixels)


def test_a_layer_that_is_transparent_here_changes_no_bit_whatever_colour_it_carries():
    rng = np.random.default_rng(3)
    pixels = noise(rng, (40, 60, 4), np.uint16)
    pixels[:20, :, 3] = 0
    result = noise(rng, (40, 60, 4), np.uint16)
    result[:, 10:, 3] = 0
    picture = Picture.from_pixels(pixels)
    above = Layer("result", Raster.from_array(result))
    got = composite(picture.replaced(nodes=(*picture.layers, above)))
    np.testing.assert_array_equal(got[:, 10:], pixels[:, 10:])


def test_every_level_survives_below_an_empty_layer():
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    for alpha in (1, 77, 32768, 65534, 65535):
        pixels = np.stack([levels, levels[::-1], levels.T, np.full_like(levels, alpha)], axis=2)
        picture = Picture.from_pixels(pixels)
        above = Layer("empty", Raster(np.uint16))
        picture = picture.replaced(nodes=(*picture.layers, above))
        np.testing.assert_array_equal(composite(picture), pixels)


def test_what_a_mask_hides_leaves_no_colour_behind():
    pixels = np.full((4, 4, 4), [200, 100, 50, 255], np.uint8)
    layer = Layer("secret", Raster.from_array(pixels), mask=Raster(np.uint8, 1))
    assert not composite(Picture(4, 4, (layer,), layer.id)).any()


def test_nothing_visible_is_transparent():
    picture = Picture.from_pixels(np.full((3, 5, 4), 9, np.uint16))
    hidden = picture.with_layer(picture.active_layer.replaced(visible=False))
    got = composite(hidden)
    assert got.shape == (3, 5, 4)
    assert got.dtype == np.uint16
    assert not got.any()


def test_the_result_is_the_callers():
    picture = Picture.from_pixels(np.full((3, 5, 4), 9, np.uint8))
    composite(picture)[...] = 1
    assert (composite(picture) == 9).all()


def layer_of(dtype=np.uint8, channels=4, **changes):
    return Layer("layer", Raster(dtype, channels)).replaced(**changes)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: Picture(0, 5, (layer_of(),), ""), "canvas of 0 x 5"),
        (lambda: Picture(5, 5, (), ""), "at least one layer"),
        (lambda: Picture(5, 5, (layer_of(id="a"), layer_of(id="a")), "a"), "id of its own"),
        (lambda: Picture(5, 5, (layer_of(), layer_of(np.uint16)), ""), "one depth"),
        (lambda: Picture(5, 5, (layer_of(channels=1),), ""), "RGBA"),
        (lambda: Picture(5, 5, (layer_of(mask=Raster()),), ""), "one channel"),
        (lambda: Picture(5, 5, (layer_of(),), "", selection=Raster()), "one channel"),
        (lambda: Picture.from_pixels(np.ones((4, 4, 3), np.uint8)), "RGBA"),
        (lambda: Picture.from_pixels(np.ones((0, 4, 4), np.uint8)), "canvas of 4 x 0"),
    ],
)
def test_pictures_that_could_not_be_shown_are_refused(build, says):
    with pytest.raises(ValueError, match=says):
        build()
