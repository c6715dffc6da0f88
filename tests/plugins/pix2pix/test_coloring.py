"""Color goes up to the lines of the large drawing and not across them."""

from __future__ import annotations

import torch

from studio_plugins.pix2pix.areas import flattened
from studio_plugins.pix2pix.coloring import between_lines, outside
from studio_plugins.pix2pix.lines import drawn


def wall(side: int, at: int, width: int) -> torch.Tensor:
    lines = torch.zeros(1, 1, side, side)
    lines[..., at : at + width] = 1
    return lines


def test_two_areas_meet_in_the_line_between_them():
    lines = wall(600, 313, 3)
    given = drawn(lines, 32)
    color = torch.zeros(1, 3, 32, 32)
    color[:, 0, :, :16] = 1
    color[:, 2, :, 17:] = 1
    color *= given  # the network draws its line, much wider than that of the drawing
    out = between_lines(color, 1 - given, lines)
    red, blue = torch.tensor([1.0, 0, 0]), torch.tensor([0, 0, 1.0])
    assert torch.allclose(out[0, :, :, :313], red[:, None, None], atol=1e-3)
    assert torch.allclose(out[0, :, :, 316:], blue[:, None, None], atol=1e-3)


def test_what_is_hidden_by_the_networks_own_lines_is_what_they_would_cover():
    lines = torch.zeros(1, 1, 64, 64)
    lines[..., ::2] = 1
    color = torch.full((1, 3, 32, 32), 0.25)
    for seen, expected in ((0.5, 0.75), (1.0, 1.0)):
        out = between_lines(color, torch.full((1, 1, 32, 32), seen), lines)
        assert torch.allclose(out, torch.tensor(expected), atol=1e-5)


def test_an_area_takes_the_color_that_most_of_it_has():
    wall = torch.ones(1, 1, 20, 20, dtype=torch.bool)
    wall[..., 2:18, 2:10] = False
    wall[..., 12, 11:] = False  # open to the border
    held = torch.cat([torch.rand(1, 3, 20, 20), (~wall).float()], dim=1)
    held[:, :3, 2:18, 2:10] = torch.tensor([0.8, 0.1, 0.1])[:, None, None]
    held[:, :3, 2:6, 2:10] = torch.tensor([0.1, 0.1, 0.9])[:, None, None]
    out = flattened(held, wall)
    area = out[0, :3, 2:18, 2:10]
    assert torch.allclose(area, torch.tensor([0.8, 0.1, 0.1])[:, None, None].expand_as(area))
    assert torch.equal(out[..., 12, 11:], held[..., 12, 11:])
    assert torch.equal(flattened(held, torch.ones_like(wall)), held)


def ring(side: int, width: int, gap: int = 0) -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    distance = torch.hypot(x - side / 2, y - side / 2)
    lines = ((distance - side * 0.3).abs() <= width / 2).float()[None, None]
    if gap:
        lines[..., side // 2 - gap // 2 : side // 2 + gap // 2, side // 2 :] = 0
    return lines


def test_the_outside_is_what_the_border_reaches():
    for side in (100, 512, 1500):
        lines = ring(side, max(side // 100, 2))
        found = outside(lines)
        assert found[0, 0, side // 2, side // 2] == 0
        assert found[0, 0, 0, 0] == 1
        inside = torch.hypot(*torch.meshgrid(*(torch.arange(side) - side / 2,) * 2, indexing="ij"))
        assert not found[0, 0][inside < side * 0.285].any()
        assert found[0, 0][inside > side * 0.315].all()


def test_a_small_gap_in_an_outline_does_not_let_the_outside_in():
    assert outside(ring(500, 5, gap=4))[0, 0, 250, 250] == 0
    assert outside(ring(500, 5, gap=60))[0, 0, 250, 250] == 1


def test_without_lines_all_is_outside():
    assert bool((outside(torch.zeros(1, 1, 50, 80)) == 1).all())
