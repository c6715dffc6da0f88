"""Fills, gradients, healing and picking colours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from studio.document import Layer, Picture, Raster, Rect
from studio.document.painting import (
    Brush,
    CloneInk,
    GradientInk,
    GradientKind,
    HealInk,
    Line,
    SolidInk,
    Stroke,
    Target,
    everywhere,
    from_mask,
    laid,
)
from studio.document.painting.healing import membrane
from studio.document.painting.sampling import sampled

WIDTH, HEIGHT = 600, 300


def flat(dtype: Any = np.uint8, value: int = 100) -> Picture:
    pixels = np.full((HEIGHT, WIDTH, 4), value, dtype)
    pixels[..., 3] = np.iinfo(dtype).max
    return Picture.from_pixels(pixels)


def test_a_fill_takes_its_mask_and_the_selection() -> None:
    selection = np.zeros((HEIGHT, WIDTH, 1), np.uint8)
    selection[:, 100:] = 255
    selection[:, 100:110] = 128
    picture = flat().replaced(selection=Raster.from_array(selection))
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[50:100] = 255
    target = Target.of(picture)
    raster = laid(target, SolidInk((200, 0, 0)), from_mask(mask), target.bounds)
    out = raster.read(picture.bounds)
    assert (out[50:100, 110:, :3] == (200, 0, 0)).all()
    assert np.abs(out[50:100, 100:110, 0].astype(int) - 150).max() <= 1
    assert (out[:50, :, :3] == 100).all()
    assert (out[:, :100, :3] == 100).all()
    assert raster.tiles[0, 1] is target.raster.tiles[0, 1]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_linear_gradient_runs_from_colour_to_colour(dtype: Any) -> None:
    maximum = int(np.iinfo(dtype).max)
    target = Target.of(flat(dtype))
    line = Line(100, 0, 500, 0)
    ink = GradientInk(line, GradientKind.LINEAR, (0, 0, maximum), (maximum, 0, 0), dither=True)
    out = laid(target, ink, everywhere(), target.bounds).read(Rect(0, 0, WIDTH, HEIGHT))
    assert (out[:, :100] == (0, 0, maximum, maximum)).all()
    assert (out[:, 500:] == (maximum, 0, 0, maximum)).all()
    share = np.clip((np.arange(WIDTH) + 0.5 - 100) / 400, 0, 1) * maximum
    mean = out[..., 0].astype(float).mean(0)
    assert np.abs(mean - share).max() < 0.2
    assert np.abs(out[..., 0].astype(float) - share).max() <= 1
    assert (out[..., 3] == maximum).all()


def test_a_radial_gradient_to_transparent_leaves_what_is_outside() -> None:
    target = Target.of(flat())
    line = Line(300, 150, 400, 150)
    ink = GradientInk(line, GradientKind.RADIAL, (255, 255, 255), None, dither=True)
    out = laid(target, ink, everywhere(), target.bounds).read(Rect(0, 0, WIDTH, HEIGHT))
    ys, xs = np.mgrid[:HEIGHT, :WIDTH]
    away = np.hypot(xs + 0.5 - 300, ys + 0.5 - 150)
    assert (out[away >= 100, :3] == 100).all()
    assert out[150, 300, 0] >= 253
    assert 170 <= out[150, 350, 0] <= 185


def test_dither_hides_the_steps_of_eight_bits() -> None:
    """Along a slope of a few levels no run of columns has one value only."""
    target = Target.of(flat())
    ink = GradientInk(
        Line(0, 0, WIDTH, 0), GradientKind.LINEAR, (100,) * 3, (104,) * 3, dither=True
    )
    out = laid(target, ink, everywhere(), target.bounds).read(Rect(0, 0, WIDTH, HEIGHT))[..., 0]
    mixed = (out.min(0) != out.max(0)).mean()
    assert mixed > 0.9


def test_a_gradient_on_a_mask_is_gray() -> None:
    mask = Raster.from_array(np.zeros((HEIGHT, WIDTH, 1), np.uint8))
    layer = Layer("x", flat().layers[0].raster, mask=mask)
    picture = Picture(WIDTH, HEIGHT, (layer,), layer.id, mask_active=True)
    target = Target.of(picture)
    ink = GradientInk(Line(0, 0, WIDTH, 0), GradientKind.LINEAR, (0,), (255,), dither=False)
    out = laid(target, ink, everywhere(), target.bounds).read(picture.bounds)[..., 0]
    assert out[0, 0] == 0
    assert out[0, -1] == 255
    assert (np.diff(out[0].astype(int)) >= 0).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_healing_fits_a_copy_to_a_slope(dtype: Any) -> None:
    """A flaw on a slope of colour is covered by the slope, whatever the colour of the source."""
    maximum = int(np.iinfo(dtype).max)
    ys, xs = np.mgrid[:HEIGHT, :WIDTH]
    slope = np.stack([0.2 + 0.5 * xs / WIDTH, 0.3 + 0.4 * ys / HEIGHT, 0.8 - 0.5 * xs / WIDTH], -1)
    pixels = np.dstack([np.rint(slope * maximum), np.full((HEIGHT, WIDTH), maximum)]).astype(dtype)
    clean = pixels.copy()
    pixels[140:160, 390:410, :3] = 0
    target = Target.of(Picture.from_pixels(pixels))
    ink = CloneInk(target.raster.read, -250, -60)
    stroke = Stroke(target, Brush(size=60, hardness=0.6), ink)
    stroke.start(400, 150)
    stroke.finish()
    healed = laid(target, HealInk(ink, stroke), stroke.coverage, stroke.touched)
    out = healed.read(Rect(0, 0, WIDTH, HEIGHT)).astype(float)
    assert np.abs(out - clean)[..., :3].max() < 0.03 * maximum
    kept = stroke.coverage(Rect(0, 0, WIDTH, HEIGHT)) == 0
    assert np.array_equal(out[kept], pixels[kept])


def test_a_large_healing_is_solved_coarsely_and_still_fits(monkeypatch: Any) -> None:
    monkeypatch.setattr("studio.document.painting.healing.SOLVED_PIXELS", 2000)
    xs = np.linspace(40, 200, WIDTH)
    pixels = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
    pixels[..., :3] = np.rint(xs)[None, :, None]
    clean = pixels.copy()
    pixels[130:170, 300:420, :3] = 255
    target = Target.of(Picture.from_pixels(pixels))
    ink = CloneInk(target.raster.read, 0, -100)
    stroke = Stroke(target, Brush(size=80, hardness=0.8), ink)
    stroke.start(300, 150)
    stroke.line(420, 150)
    healed = laid(target, HealInk(ink, stroke), stroke.coverage, stroke.touched)
    out = healed.read(Rect(0, 0, WIDTH, HEIGHT)).astype(float)
    assert np.abs(out - clean).max() < 16


def test_the_membrane_is_harmonic_between_what_is_known() -> None:
    known = np.zeros((40, 60), np.float32)
    known[:, 0] = known[:, -1] = 1
    known[0] = known[-1] = 1
    across = np.linspace(0, 100, 60, dtype=np.float32)
    plane = np.repeat(np.tile(across, (40, 1))[..., None], 3, axis=2)
    surface = membrane(np.where(known[..., None] > 0, plane, 0).astype(np.float32), known)
    assert np.abs(surface - plane).max() < 6
    assert np.array_equal(surface[known > 0], plane[known > 0])
    assert not membrane(np.zeros((40, 60, 3), np.float32), np.zeros((40, 60), np.float32)).any()


def test_a_colour_is_the_mean_of_what_shows() -> None:
    pixels = np.zeros((20, 20, 4), np.uint16)
    pixels[..., 3] = 65535
    pixels[10, 10, :3] = (65535, 900, 90)
    pixels[10, 11] = (500, 500, 500, 0)
    picture = Picture.from_pixels(pixels)
    assert sampled(picture, 10, 10) == (65535, 900, 90)
    assert sampled(picture, 10, 10, 3) == (round(65535 / 8), round(900 / 8), round(90 / 8))
    assert sampled(picture, 11, 10) is None
    assert sampled(picture, -1, 10) is None
    above = Layer("red", Raster.from_array(np.full((20, 20, 4), 65535, np.uint16)))
    both = picture.replaced(nodes=(*picture.nodes, above))
    assert sampled(both, 10, 10) == (65535,) * 3
    assert sampled(both, 10, 10, layer_only=True) == (65535, 900, 90)
