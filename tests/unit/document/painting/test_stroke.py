"""Strokes: what they promise whatever the path, the brush, the depth and the picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.api.errors import UserError
from studio.document import Document, Group, Layer, Picture, Raster, Rect
from studio.document.painting import Brush, CloneInk, EraseInk, Ink, SolidInk, Stroke, Target

WIDTH, HEIGHT = 300, 280
points = st.tuples(st.floats(-40, WIDTH + 40), st.floats(-40, HEIGHT + 40), st.floats(0, 1))
paths = st.lists(points, min_size=1, max_size=8)
brushes = st.builds(
    Brush,
    size=st.floats(1, 90),
    hardness=st.floats(0, 1),
    opacity=st.floats(0.01, 1),
    flow=st.floats(0.05, 1),
    smoothing=st.sampled_from([0.0, 20.0]),
    pressure_size=st.booleans(),
    pressure_opacity=st.booleans(),
)
depths = st.sampled_from([np.uint8, np.uint16])


def noise(dtype: Any, *, opaque: bool = False, seed: int = 1) -> np.ndarray:
    maximum = np.iinfo(dtype).max
    pixels = np.random.default_rng(seed).integers(0, maximum + 1, (HEIGHT, WIDTH, 4)).astype(dtype)
    if opaque:
        pixels[..., 3] = maximum
    else:
        pixels[:80, :, 3] = 0
    return pixels


def ink_of(kind: str, target: Target) -> Ink:
    if kind == "solid":
        maximum = target.raster.maximum
        return SolidInk((maximum, maximum // 3, 0))
    return EraseInk() if kind == "erase" else CloneInk(target.raster.read, 37, -21)


def stroked(target: Target, brush: Brush, ink: Ink, path: list, *, batch: int = 1) -> Stroke:
    stroke = Stroke(target, brush, ink)
    stroke.start(*path[0])
    for number, point in enumerate(path[1:]):
        stroke.move(*point)
        if number % batch == 0:
            stroke.update()
    stroke.finish()
    stroke.update()
    return stroke


@settings(max_examples=25, deadline=None)
@given(paths, brushes, depths, st.sampled_from(["solid", "erase", "clone"]), st.booleans())
def test_nothing_changes_outside_the_reach_of_the_stroke_or_the_selection(
    path: list, brush: Brush, dtype: Any, kind: str, selected: bool
) -> None:
    picture = Picture.from_pixels(noise(dtype))
    if selected:
        mask = np.zeros((HEIGHT, WIDTH, 1), np.uint8)
        mask[100:200, 60:270] = 255
        mask[150:160, 60:270] = 90
        picture = picture.replaced(selection=Raster.from_array(mask))
    target = Target.of(picture)
    stroke = stroked(target, brush, ink_of(kind, target), path)
    before, after = (raster.read(picture.bounds) for raster in (target.raster, stroke.raster))
    kept = stroke.coverage(picture.bounds) == 0
    if picture.selection is not None:
        kept |= picture.selection.read(picture.bounds)[..., 0] == 0
    assert np.array_equal(before[kept], after[kept])
    assert stroke.raster.bounds == stroke.raster.bounds.intersected(Rect(0, 0, 512, 512))


@settings(max_examples=20, deadline=None)
@given(paths, brushes, depths, st.sampled_from(["solid", "erase", "clone"]))
def test_batches_of_events_make_no_difference(
    path: list, brush: Brush, dtype: Any, kind: str
) -> None:
    target = Target.of(Picture.from_pixels(noise(dtype)))
    one = stroked(target, brush, ink_of(kind, target), path, batch=1)
    all_at_once = stroked(target, brush, ink_of(kind, target), path, batch=1000)
    assert one.raster == all_at_once.raster


@settings(max_examples=25, deadline=None)
@given(paths, brushes, depths)
def test_opacity_is_a_ceiling(path: list, brush: Brush, dtype: Any) -> None:
    """Black on white gets no darker than the opacity says, however often it is crossed."""
    maximum = int(np.iinfo(dtype).max)
    target = Target.of(Picture.from_pixels(np.full((HEIGHT, WIDTH, 4), maximum, dtype)))
    stroke = stroked(target, brush, SolidInk((0, 0, 0)), path * 3)
    darkest = int(stroke.raster.read(Rect(0, 0, WIDTH, HEIGHT))[..., :3].min())
    assert darkest >= round(maximum * (1 - brush.opacity)) - 1
    assert float(stroke.coverage(Rect(0, 0, WIDTH, HEIGHT)).max()) <= brush.opacity + 1e-6


@settings(max_examples=15, deadline=None)
@given(paths, brushes, depths, st.sampled_from(["solid", "erase", "clone"]))
def test_undo_of_a_stroke_is_exact(path: list, brush: Brush, dtype: Any, kind: str) -> None:
    document = Document(Picture.from_pixels(noise(dtype)))
    before = document.picture
    copy = before.layers[0].raster.read(before.bounds)
    transaction = document.begin("Brush")
    target = Target.of(transaction.before)
    stroke = Stroke(target, brush, ink_of(kind, target))
    stroke.start(*path[0])
    for point in path[1:]:
        stroke.move(*point)
        transaction.show(target.painted(stroke.update()))
    stroke.finish()
    transaction.show(target.painted(stroke.update()))
    if transaction.commit():
        assert len(document.history.steps) == 1
        assert document.undo()
    assert np.array_equal(document.picture.layers[0].raster.read(before.bounds), copy)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("opaque", [True, False])
def test_the_colour_in_the_middle_is_exact(dtype: Any, opaque: bool) -> None:
    maximum = int(np.iinfo(dtype).max)
    color = (maximum, 123, maximum - 1)
    target = Target.of(Picture.from_pixels(noise(dtype, opaque=opaque)))
    stroke = stroked(target, Brush(size=40, hardness=0.5), SolidInk(color), [(150.0, 60.0, 1.0)])
    middle = stroke.raster.read(Rect(145, 55, 10, 10)).reshape(-1, 4)
    assert np.array_equal(middle, np.tile((*color, maximum), (100, 1)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_soft_edge_over_nothing_has_no_halo(dtype: Any) -> None:
    """Every pixel that shows at all has exactly the colour of the brush."""
    maximum = int(np.iinfo(dtype).max)
    picture = Picture(WIDTH, HEIGHT, (Layer("empty", Raster(dtype)),), "")
    target = Target.of(picture)
    color = (maximum, maximum // 2, 7)
    stroke = stroked(
        target, Brush(size=60, hardness=0), SolidInk(color), [(50, 50, 1.0), (200, 170, 1.0)]
    )
    pixels = stroke.raster.read(picture.bounds)
    shown = pixels[pixels[..., 3] > 0]
    assert len(shown) > 1000
    assert len(np.unique(shown[:, 3])) > 50
    assert np.array_equal(shown[:, :3], np.tile(color, (len(shown), 1)))


def test_a_soft_edge_over_another_colour_is_the_mean_by_coverage() -> None:
    target = Target.of(Picture.from_pixels(noise(np.uint16)))
    stroke = stroked(
        target, Brush(size=90, hardness=0, opacity=0.7), SolidInk((60000, 0, 9)), [(150, 150, 1.0)]
    )
    area = Rect(100, 100, 100, 100)
    weight = stroke.coverage(area).astype(np.float64)[..., None]
    before = target.raster.read(area).astype(np.float64)
    alpha = before[..., 3:] / 65535
    shown = weight + alpha * (1 - weight)
    color = before[..., :3] * alpha * (1 - weight) + np.array([60000, 0, 9]) * weight
    color /= np.maximum(shown, 1e-9)
    expected = np.concatenate([color, shown * 65535], axis=2)
    covered = stroke.coverage(area) > 0
    off = np.abs(stroke.raster.read(area) - expected)[covered]
    assert off[:, 3].max() <= 1
    # Straight colour of hardly opaque pixels is rounded by their alpha.
    assert (off[:, :3] * shown[covered]).max() <= 1.5


def test_a_fast_stroke_has_no_gaps() -> None:
    picture = Picture(2000, 300, (Layer("empty", Raster()),), "")
    target = Target.of(picture)
    stroke = stroked(
        target, Brush(size=6, hardness=1), SolidInk((9, 9, 9)), [(10, 150, 1), (1990, 150, 1)]
    )
    along = stroke.raster.read(Rect(10, 149, 1980, 2))[..., 3]
    assert along.min() == 255


def test_a_brush_of_one_pixel_paints_one_pixel() -> None:
    picture = Picture(20, 20, (Layer("empty", Raster()),), "")
    target = Target.of(picture)
    stroke = stroked(target, Brush(size=1, hardness=1), SolidInk((9, 9, 9)), [(5.5, 7.5, 1)])
    alpha = stroke.raster.read(picture.bounds)[..., 3].astype(int)
    assert alpha.argmax() == 7 * 20 + 5
    assert alpha.sum() == pytest.approx(255 * np.pi / 4, rel=0.15)


def test_crossing_a_border_between_pixels_shares_the_paint() -> None:
    picture = Picture(40, 40, (Layer("empty", Raster()),), "")
    target = Target.of(picture)
    stroke = stroked(target, Brush(size=9, hardness=1), SolidInk((9, 9, 9)), [(20, 20, 1)])
    alpha = stroke.raster.read(picture.bounds)[..., 3].astype(float)
    assert alpha.sum() / 255 == pytest.approx(np.pi * 4.5**2, rel=0.01)
    assert np.allclose(alpha, alpha[::-1])
    assert np.allclose(alpha, alpha.T)


def test_pressure_thins_the_stroke() -> None:
    picture = Picture(300, 100, (Layer("empty", Raster()),), "")
    brush = Brush(size=40, hardness=1, pressure_size=True)
    path = [(30, 50, 1.0), (150, 50, 0.5), (270, 50, 0.1)]
    stroke = stroked(Target.of(picture), brush, SolidInk((0, 0, 0)), path)
    heights = (stroke.raster.read(picture.bounds)[..., 3] > 127).sum(0)
    assert heights[32] > heights[150] > heights[268] > 0


def test_the_mask_is_painted_on_when_it_is_active() -> None:
    pixels = noise(np.uint16, opaque=True)
    mask = Raster.from_array(np.full((HEIGHT, WIDTH, 1), 255, np.uint8))
    layer = Layer("x", Raster.from_array(pixels), mask=mask)
    picture = Picture(WIDTH, HEIGHT, (layer,), layer.id, mask_active=True)
    target = Target.of(picture)
    stroke = stroked(target, Brush(size=30, hardness=1), SolidInk((0,)), [(100, 100, 1)])
    after = target.painted(stroke.raster).layers[0]
    assert after.raster is layer.raster
    assert after.mask is not None
    assert after.mask.read(Rect(100, 100, 1, 1)).item() == 0
    assert after.mask.read(Rect(200, 200, 1, 1)).item() == 255
    hidden = stroked(target, Brush(size=30, hardness=1), EraseInk(), [(100, 100, 1)])
    assert hidden.raster == stroke.raster


def test_locked_hidden_and_grouped_targets_are_refused() -> None:
    layer = Layer("x", Raster.from_array(noise(np.uint8)))
    for changed in (layer.replaced(locked=True), layer.replaced(visible=False)):
        with pytest.raises(UserError):
            Target.of(Picture(WIDTH, HEIGHT, (changed,), layer.id))
    group = Group("g", (layer,))
    with pytest.raises(UserError):
        Target.of(Picture(WIDTH, HEIGHT, (group,), group.id))


def test_cloning_copies_the_pixels_as_they_were_before() -> None:
    target = Target.of(Picture.from_pixels(noise(np.uint8, opaque=True)))
    stroke = Stroke(target, Brush(size=30, hardness=1), CloneInk(target.raster.read, -20, 0))
    stroke.start(100, 150)
    stroke.line(160, 150)
    after = stroke.update().read(Rect(95, 140, 70, 20))
    assert np.array_equal(after, target.raster.read(Rect(75, 140, 70, 20)))
