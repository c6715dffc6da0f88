"""The network that colors: its classes, hints and files."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from studio.nn.checkpoints import CheckpointError
from studio.nn.metrics import colorfulness
from studio_plugins.colorization.hints import dabs, no_hints, random_dabs
from studio_plugins.colorization.networks import Colorizer, color_centers, read_colorizer


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    network = Colorizer(width=4)
    torch.nn.init.normal_(network.context.weight, 0, 0.1)  # begins at 0
    return network.eval()


def test_classes_are_colors_that_srgb_has():
    centers = color_centers()
    assert 150 < len(centers) < 313
    assert [0.0, 0.0] in centers.tolist()
    assert centers.abs().max() <= 110
    assert len(color_centers(20.0)) < len(centers) / 3


def test_distributions_come_at_a_quarter_of_the_size(network):
    light = torch.rand(2, 1, 32, 64)
    logits = network(light, no_hints(light))
    assert logits.shape == (2, len(network.centers), 8, 16)
    assert network.ab(logits).shape == (2, 2, 8, 16)


def test_a_low_temperature_takes_the_likeliest_color(network):
    logits = torch.zeros(1, len(network.centers), 1, 1)
    logits[0, 17] = 1.0
    cold, mild = network.ab(logits, 0.01), network.ab(logits, 1.0)
    assert torch.allclose(cold[0, :, 0, 0], network.centers[17], atol=1e-3)
    assert mild.norm() < cold.norm()


def test_a_hint_changes_colors_elsewhere(network):
    light = torch.rand(1, 1, 64, 64)
    ab = torch.zeros(2, 64, 64)
    ab[0] = 60
    hints = dabs(ab, [(8, 8, 6)])[None]
    assert hints[0, 2].sum() == 36
    assert float(hints[0, 0, 9, 9]) == pytest.approx(60 / 110)
    changed = (network(light, hints) - network(light, no_hints(light))).abs()
    assert changed[..., -1, -1].max() > 0


def test_random_hints_repeat_and_show_true_colors():
    ab = torch.randn(2, 40, 48) * 20
    one, two = (random_dabs(ab, np.random.default_rng(5), 3) for _ in range(2))
    assert torch.equal(one, two)
    assert one[2].any()
    assert not one[:2][:, one[2] == 0].any()
    everything = torch.cat([ab / 110, torch.ones(1, 40, 48)])
    random = np.random.default_rng(0)
    assert any(torch.equal(random_dabs(ab, random), everything) for _ in range(300))


def test_a_file_tells_its_width(network, tmp_path):
    save_file(
        {k: v.contiguous() for k, v in network.state_dict().items()}, tmp_path / "c.safetensors"
    )
    read = read_colorizer(tmp_path / "c.safetensors")
    light = torch.rand(1, 1, 32, 32)
    assert torch.allclose(read(light, no_hints(light)), network(light, no_hints(light)))
    save_file({"x": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="is no colorization network"):
        read_colorizer(tmp_path / "other.safetensors")


def test_colorfulness_orders_gray_pale_and_vivid():
    gray = torch.rand(1, 1, 32, 32).expand(-1, 3, -1, -1)
    vivid = torch.rand(1, 3, 32, 32)
    pale = gray + (vivid - gray) * 0.2
    values = [float(colorfulness(image)) for image in (gray, pale, vivid)]
    assert values[0] == pytest.approx(0, abs=1e-3)
    assert values[0] < values[1] < values[2]
