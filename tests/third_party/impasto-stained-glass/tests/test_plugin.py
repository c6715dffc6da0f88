"""What the operation does, and that the plugin keeps what every plugin promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from impasto_stained_glass import GlassParameters
from impasto_stained_glass.engine import stained_glass

from studio.api import Cancelled
from studio.api.testing import PluginConformance

HALVES = torch.zeros(1, 3, 40, 60)
HALVES[:, 0, :, :30], HALVES[:, 2, :, 30:] = 0.9, 0.8  # red, blue


class TestConformance(PluginConformance):
    """A test for each rule of `impasto plugins check`."""

    plugin = Path(__file__).parents[1]


class Host:
    """What the operation asks of its host."""

    alpha: torch.Tensor | None = None
    stopped = False

    def progress(self, fraction, message="", preview=None):
        assert 0 <= fraction <= 1
        if self.stopped:
            raise Cancelled


def test_pieces_follow_edges_and_keep_their_colors():
    result = stained_glass(HALVES, None, GlassParameters(piece=10, lead=0), Host())
    assert torch.allclose(result, HALVES, atol=1e-4)


def test_lead_is_as_wide_as_asked():
    wide = GlassParameters(piece=20, straightness=60.0, lead=4.0, lead_color="#00ff00")
    result = stained_glass(torch.full((1, 3, 60, 60), 0.5), None, wide, Host())[0].numpy()
    middle = result[1, 10]  # crosses the two seams between three pieces
    assert middle.max() > 0.95
    assert np.isclose((middle - 0.5).sum() / 0.5, 8, atol=1.5)


def test_what_is_hidden_has_no_say():
    host = Host()
    host.alpha = torch.zeros(1, 1, 40, 60)
    host.alpha[..., :30] = 1
    result = stained_glass(HALVES, None, GlassParameters(piece=500, lead=0), host)
    assert torch.allclose(result[0, :, 0, 0], torch.tensor([0.9, 0, 0]), atol=1e-4)


def test_a_cancel_is_heard_while_the_glass_is_cut():
    host = Host()
    host.stopped = True
    with pytest.raises(Cancelled):
        stained_glass(HALVES, None, GlassParameters(), host)
