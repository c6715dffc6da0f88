"""What the network does, that it can be trained again, and the promises of every plugin."""

from __future__ import annotations

from pathlib import Path

import impasto_deblock
import numpy as np
import pytest
import torch
from impasto_deblock import DeblockRecipe, model_cards
from impasto_deblock.engine import load
from impasto_deblock.networks import Deblocker
from impasto_deblock.train import compressed, train
from PIL import Image
from skimage import data

from studio.api.testing import PluginConformance
from studio.nn.metrics import psnr
from studio.nn.pictures import to_tensor
from studio.nn.training import ConsoleContext


class TestConformance(PluginConformance):
    """A test for each rule of `impasto plugins check`."""

    plugin = Path(__file__).parents[1]


class Files:
    """Finds the weights where the package lies."""

    def files(self, _model: str) -> tuple[Path, ...]:
        return (Path(impasto_deblock.__file__).parent / "deblock.safetensors",)


@pytest.mark.parametrize("quality", [10, 20, 40])
def test_it_is_nearer_to_the_picture_than_the_jpeg(quality):
    network = load(model_cards()[0], Files())
    photo = np.ascontiguousarray(data.camera()[96:352, 128:384, None].repeat(3, 2))
    truth, given = to_tensor(photo), to_tensor(compressed(photo, quality))
    with torch.no_grad():
        restored = network(given).clamp(0, 1)
    assert psnr(restored, truth) > psnr(given, truth) + 0.3


def test_a_new_network_changes_nothing():
    pixels = torch.rand(1, 3, 8, 12)
    assert torch.equal(Deblocker(8, 1)(pixels), pixels)


def test_the_recipe_learns(tmp_path):
    photo = data.astronaut()
    for number in range(12):
        part = photo[20 * number : 20 * number + 200, 25 * number : 25 * number + 200]
        Image.fromarray(part).save(tmp_path / f"{number}.png")
    tiny = DeblockRecipe(steps=100, width=16, depth=1, rate=2e-3)
    context = ConsoleContext(tmp_path / "run", torch.device("cpu"))
    made = train((tmp_path,), tiny, context)
    name = "held-out pictures at quality 10: PSNR"
    assert made.metrics[f"{name}, dB"] > made.metrics[f"{name} of the JPEG, dB"]
