from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from studio.api import PluginError
from studio.document import Rect
from studio.host.tiling import Mosaic, padded, plan, run_tile, weights

FIXTURES = [HealthCheck.function_scoped_fixture]  # the context keeps nothing between two examples
lengths = st.integers(1, 200)
tiles = st.integers(1, 96)
overlaps = st.integers(0, 40)
multiples = st.sampled_from([1, 2, 3, 4, 8, 16, 64])


@settings(deadline=None)
@given(length=st.integers(1, 3000), tile=st.integers(1, 600), overlap=overlaps, multiple=multiples)
def test_a_plan_covers_the_picture_in_even_aligned_tiles(length, tile, overlap, multiple):
    spans = plan(length, tile, overlap, multiple)

    assert spans[0].start == 0
    assert spans[-1].end == length
    assert spans[0].before == spans[-1].after == 0
    for span, following in itertools.pairwise(spans):
        assert span.after == following.before == span.end - following.start
        assert span.after >= overlap
        assert span.start < following.start
    if len(spans) > 1:
        size = spans[0].size
        largest = max(tile, 2 * overlap + multiple)
        assert size % multiple == 0
        assert size <= math.ceil(largest / multiple) * multiple
        assert {span.size for span in spans[:-1]} == {size}
        assert size - multiple < spans[-1].size <= size  # the last one ends with the picture
        assert all(span.start % multiple == 0 for span in spans)


@settings(deadline=None)
@given(length=lengths, tile=tiles, overlap=overlaps, multiple=multiples, scale=st.integers(1, 4))
def test_weights_add_up_to_one_in_every_pixel(length, tile, overlap, multiple, scale):
    spans = plan(length, tile, overlap, multiple)
    total = torch.zeros(length * scale)

    for span, weight in zip(spans, weights(spans, scale), strict=True):
        assert bool((weight >= 0).all())
        total[span.start * scale : span.end * scale] += weight

    torch.testing.assert_close(total, torch.ones_like(total), rtol=0, atol=1e-6)


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    multiple=multiples,
    smallest=st.integers(1, 40),
)
def test_padding_mirrors_pictures_of_any_size(height, width, multiple, smallest):
    image = torch.arange(height * width, dtype=torch.float32).reshape(1, 1, height, width)

    out = padded(image, multiple, smallest)

    assert torch.equal(out[:, :, :height, :width], image)
    for axis, length in ((2, height), (3, width)):
        size = out.shape[axis]
        assert size % multiple == 0
        assert max(length, smallest) <= size < max(length, smallest) + multiple
    if out.shape[2] < 2 * height and out.shape[3] < 2 * width:
        padding = (0, out.shape[3] - width, 0, out.shape[2] - height)
        assert torch.equal(out, F.pad(image, padding, mode="reflect"))


@settings(suppress_health_check=FIXTURES, max_examples=40, deadline=None)
@given(
    height=lengths,
    width=lengths,
    tile=st.integers(24, 96),
    overlap=st.integers(0, 24),
    multiple=multiples,
    scale=st.integers(1, 3),
)
def test_a_tiled_network_that_only_enlarges_does_just_that(
    make_context, height, width, tile, overlap, multiple, scale
):
    image = torch.rand(1, 3, height, width)
    seen = []

    def network(x):
        seen.append(x.shape)
        return x.repeat_interleave(scale, 2).repeat_interleave(scale, 3)

    out = make_context().tiled(
        network, image, scale=scale, overlap=overlap, multiple=multiple, tile=tile
    )

    torch.testing.assert_close(
        out, image.repeat_interleave(scale, 2).repeat_interleave(scale, 3), rtol=0, atol=1e-6
    )
    assert out.dtype == torch.float32
    assert all(h % multiple == 0 and w % multiple == 0 for _, _, h, w in seen)
    assert all(h >= 8 and w >= 8 for _, _, h, w in seen)  # a network may pad by reflection itself


@settings(suppress_health_check=FIXTURES, max_examples=15, deadline=None)
@given(height=st.integers(20, 150), width=st.integers(20, 150), tile=st.integers(24, 64))
def test_tiles_of_a_convolution_differ_only_in_their_overlap(make_context, height, width, tile):
    torch.manual_seed(0)
    network = nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(3)))  # radius 3
    image = torch.rand(1, 3, height, width)
    with torch.inference_mode():
        whole = network(image)

    out = make_context().tiled(network, image, overlap=8, tile=tile)

    far = torch.ones(height, width, dtype=torch.bool)
    for axis, spans in enumerate((plan(height, tile, 8), plan(width, tile, 8))):
        for span in spans[:-1]:
            far.narrow(axis, span.end - span.after, span.after).fill_(value=False)
    difference = (out - whole).abs()
    assert float(difference[:, :, far].amax() if far.any() else 0) <= 1e-6
    assert float(difference.amax()) < 0.1


def test_more_overlap_makes_seams_vanish(make_context):
    torch.manual_seed(0)
    network = nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(4)))
    image = torch.rand(1, 3, 300, 200)
    with torch.inference_mode():
        whole = network(image)

    differences = [
        float((make_context().tiled(network, image, overlap=o, tile=160) - whole).abs().amax())
        for o in (0, 8, 32, 64)
    ]

    assert differences == sorted(differences, reverse=True)
    assert differences[-1] < 5e-4
    assert differences[0] > 100 * differences[-1]


@settings(suppress_health_check=FIXTURES, max_examples=15, deadline=None)
@given(height=st.integers(1, 150), width=st.integers(1, 150))
def test_a_network_that_strides_sees_the_same_grid_in_every_tile(make_context, height, width):
    """Tiles that start between two strides would average two different answers."""

    def blocks(x):
        return F.interpolate(F.avg_pool2d(x, 8), scale_factor=8, mode="nearest")

    image = torch.rand(1, 3, height, width)
    whole = blocks(padded(image, 8, 8))[:, :, :height, :width]

    out = make_context().tiled(blocks, image, multiple=8, overlap=12, tile=40)

    torch.testing.assert_close(out, whole, rtol=0, atol=1e-6)


def test_previews_arrive_for_every_tile_within_the_result(make_context, recorder):
    observer = recorder()
    context = make_context(observer=observer)
    context._state.area = Rect(5, 7, 150, 100)
    image = torch.full((1, 3, 100, 150), 128 / 255)

    context.tiled(lambda x: F.interpolate(x, scale_factor=2), image, scale=2, tile=64, overlap=16)

    assert len(observer.tiles) == len(plan(100, 64, 16)) * len(plan(150, 64, 16))
    covered = torch.zeros(200, 300, dtype=torch.bool)
    for tile in observer.tiles:
        height, width = tile.pixels.shape[:2]
        assert tile.size == (300, 200)
        assert tile.area == Rect(5, 7, 150, 100)
        assert tile.x >= 0
        assert tile.y >= 0
        assert tile.x + width <= 300
        assert tile.y + height <= 200
        covered[tile.y : tile.y + height, tile.x : tile.x + width] = True
        # not faded towards a neighbour that is still to come
        assert {int(v) for v in (tile.pixels.min(), tile.pixels.max())} == {128}
    assert bool(covered.all())
    assert observer.fractions == sorted(observer.fractions)
    assert observer.fractions[-1] == 1.0


def test_a_part_of_the_picture_is_not_shown_in_place_of_the_whole(make_context, recorder):
    observer = recorder()
    context = make_context(observer=observer)
    context._state.area = Rect(0, 0, 150, 100)

    context.tiled(lambda x: x, torch.rand(1, 3, 50, 40))

    assert observer.tiles == []


def test_progress_of_a_part_counts_as_its_stretch(make_context, recorder):
    observer = recorder()
    part = make_context(observer=observer).part(0.5, 1.0).part(0.0, 0.5)

    part.tiled(lambda x: x, torch.rand(1, 3, 100, 100), tile=64, overlap=16)

    assert observer.fractions[0] == 0.5
    assert observer.fractions[-1] == 0.75
    assert "Tile 1 of 4" in observer.messages


def test_layers_move_the_progress_inside_a_tile(make_context, recorder):
    import time

    class Slow(nn.Module):
        def forward(self, x):
            time.sleep(0.03)
            return x

    observer = recorder()
    context = make_context(observer=observer)
    layers = [layer for _ in range(10) for layer in (nn.Conv2d(3, 3, 1), Slow())]
    network = context.prepare(nn.Sequential(*layers))

    context.tiled(network, torch.rand(1, 3, 16, 16))

    inside = [f for f in observer.fractions if 0 < f < 1]
    assert inside == sorted(inside)
    assert len(inside) >= 2


def test_a_network_of_another_scale_than_declared_is_the_plugins_fault(make_context):
    with pytest.raises(PluginError, match=r"16x24 of 16x24, not 2 times"):
        make_context().tiled(lambda x: x, torch.rand(1, 3, 24, 16), scale=2)


def test_a_single_tile_is_cropped_back_from_what_the_network_needs():
    image = torch.rand(1, 1, 3, 5)

    out = run_tile(lambda x: x.to(torch.bfloat16), image, 1, 16)

    assert out.shape == image.shape
    assert out.dtype == torch.float32


def test_a_mosaic_without_tiles_is_refused():
    with pytest.raises(ValueError, match="without tiles"):
        Mosaic(plan(10, 10, 1), plan(10, 10, 1), 1).finished()
