"""Lines are found on any ground, framed, and drawn as wide as the network knows them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio_plugins.pix2pix.lines import (
    FILLED,
    Frame,
    drawn,
    find_lines,
    frame_of,
    shrunk,
    width_of,
)


def tensors(pixels):
    image = torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1)[None]
    return image[:, :3], image[:, 3:] if (pixels[..., 3] < 255).any() else None


@pytest.mark.parametrize(
    ("color", "paper"),
    [
        ((0, 0, 0), None),
        ((255, 255, 255), None),
        ((250, 240, 20), None),
        ((200, 30, 30), None),
        ((0, 0, 0), (255, 255, 255)),
        ((40, 40, 120), (236, 226, 200)),
        ((240, 240, 230), (30, 50, 40)),
    ],
)
def test_strokes_of_any_color_on_any_ground(doodle, color, paper):
    expected = doodle()[..., 3] / 255
    drawing = find_lines(*tensors(doodle(ink=color, paper=paper)))
    found = drawing.lines[0, 0].numpy()
    assert found[expected == 1].min() > 0.9
    assert found[expected == 0].max() < 0.05
    edge = (expected > 0.5) & (expected < 1)
    strokes = drawing.strokes[0].permute(1, 2, 0).numpy()[edge] * 255
    assert np.abs(strokes - color).max() < 50, "the paper in an edge is no part of the line"
    cover = drawing.cover[0, 0].numpy()
    assert np.abs(cover - expected)[expected > 0.2].max() < 0.06, "lines stay as thick as they are"
    assert cover[expected == 0].max() < 0.02


def test_shaded_paper_has_no_lines_of_its_own(doodle):
    pixels = doodle(200, 200, paper=(255, 255, 255))
    shade = np.linspace(0.45, 1, 200)[None, :, None]
    pixels[..., :3] = (pixels[..., :3] * shade).round()
    found = find_lines(*tensors(pixels)).lines[0, 0].numpy()
    coverage = doodle(200, 200)[..., 3]
    assert found[coverage == 0].max() < 0.2
    assert found[coverage == 255].min() > 0.9


def test_the_frame_holds_the_drawing_with_a_margin(doodle):
    lines = torch.zeros(1, 1, 100, 300)
    lines[..., 40:50, 200:280] = 1
    frame = frame_of(lines, "drawing")
    assert frame is not None
    assert frame.width == frame.height == round(80 / FILLED)
    cut = frame.cut(lines, 0.0)
    assert cut.sum() == lines.sum()
    assert torch.equal(frame.put(cut, 100, 300, 0.0), lines)
    assert frame_of(torch.zeros(1, 1, 10, 10), "drawing") is None


@pytest.mark.parametrize("fit", ["whole", "stretch"])
def test_the_whole_picture_is_framed(fit):
    lines = torch.zeros(1, 1, 40, 60)
    lines[..., 10, 10] = 1
    frame = frame_of(lines, fit)
    assert frame == (Frame(0, -10, 60, 60) if fit == "whole" else Frame(0, 0, 60, 40))
    assert torch.equal(frame.put(frame.cut(lines, 0.0), 40, 60, 0.0), lines)


@pytest.mark.parametrize("stroke", [2, 4, 7])
def test_strokes_are_measured(stroke):
    box = torch.zeros(1, 1, 400, 400)
    box[..., 50:350, 50:350] = 1
    box[..., 50 + stroke : 350 - stroke, 50 + stroke : 350 - stroke] = 0
    assert width_of(box) == pytest.approx(stroke, rel=0.05)
    assert width_of(torch.zeros(1, 1, 8, 8)) == 0


@pytest.mark.parametrize(("side", "stroke"), [(128, 1), (512, 3), (1500, 3)])
def test_lines_of_any_picture_are_as_wide_as_the_network_learned(doodle, side, stroke):
    coverage = torch.from_numpy(doodle(side, side, stroke)[..., 3] / 255.0)[None, None].float()
    given = drawn(coverage, 128)
    assert given.shape == (1, 1, 128, 128)
    assert width_of(1 - given) == pytest.approx(0.027 * 128, rel=0.25)
    assert float(given[..., 0, 0]) == 1


def test_thin_lines_stay_whole_when_they_are_shrunk():
    lines = torch.zeros(1, 1, 1000, 1000)
    lines[..., 503, :] = 1
    assert bool((shrunk(lines, 100).amax(dim=2) == 1).all())
