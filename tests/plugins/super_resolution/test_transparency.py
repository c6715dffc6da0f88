import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.nn.transparency import filled
from studio_plugins.super_resolution.transparency import bounded


@given(st.integers(1, 33), st.integers(1, 33), st.floats(0, 1), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_filling_keeps_what_shows_and_stays_within_its_colours(height, width, share, seed):
    torch.manual_seed(seed)
    color = torch.rand(1, 3, height, width)
    alpha = torch.rand(1, 1, height, width) * (torch.rand(1, 1, height, width) < share)
    out = filled(color, alpha)
    shows = (alpha > 0).expand_as(color)
    assert torch.equal(out[shows], color[shows])
    if shows.any():
        for channel in range(3):
            seen = color[:, channel : channel + 1][alpha > 0]
            assert float(out[:, channel].max()) <= float(seen.max()) + 1e-4
            assert float(out[:, channel].min()) >= float(seen.min()) - 1e-4


def test_filling_takes_the_nearest_colour():
    color = torch.zeros(1, 3, 16, 64)
    color[:, 0, :, :8] = 1
    color[:, 2, :, 56:] = 1
    alpha = torch.zeros(1, 1, 16, 64)
    alpha[..., :8] = alpha[..., 56:] = 1
    out = filled(color, alpha)
    assert float(out[0, 0, 8, 9]) > 0.9
    assert float(out[0, 2, 8, 9]) < 0.1
    assert float(out[0, 2, 8, 54]) > 0.9


def test_opaque_pictures_are_not_copied():
    color = torch.rand(1, 3, 4, 4)
    assert filled(color, torch.ones(1, 1, 4, 4)) is color


def test_bounds_follow_the_neighbourhood():
    alpha = torch.zeros(1, 1, 16, 16)
    alpha[..., 8:] = 1
    wild = torch.linspace(-1, 2, 32).expand(1, 1, 32, 32)
    out = bounded(wild, alpha, 2)
    assert float(out[..., :12].abs().max()) == 0
    assert float((out[..., 20:] - 1).abs().max()) == 0
    assert 0 < float(out[..., 12:20].mean()) < 1
