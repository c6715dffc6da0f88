"""Checkpoints of others: what they are, and what is said of those that are none."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from studio.api import UserError
from studio.document import composite
from studio.nn.checkpoints import CheckpointError
from studio.nn.generators import UnetGenerator
from studio_plugins.inpainting.loading import read_filler, recognise
from studio_plugins.inpainting.networks import FfcUnet

from .conftest import disc


def test_our_own_file_is_recognised(network_file):
    found = recognise((network_file,))
    assert found is not None
    assert found.architecture == "InpaintingNetwork"


def test_the_small_fourier_network_is_recognised_and_fills(run, runner, picture, photo, tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "ffc.pth"
    torch.save(FfcUnet(8).state_dict(), path)
    card = runner.store.import_file(path, runner.registry.loaders())
    assert (card.task, card.architecture) == ("inpainting", "FfcUnet")
    pixels, mask = photo(90, 90), disc(90, 90, 15)
    after = composite(run(picture(pixels, mask), model=card.id).after())[..., :3]
    assert np.array_equal(after[mask == 0], pixels[mask == 0])
    assert not np.array_equal(after[mask > 0], pixels[mask > 0])


def test_the_hole_is_black_to_the_small_fourier_network():
    torch.manual_seed(0)
    network = FfcUnet(8).eval()
    image, mask = torch.rand(1, 3, 32, 32), torch.zeros(1, 1, 32, 32)
    mask[..., 8:16, 8:16] = 1
    with torch.no_grad():
        assert torch.equal(network(image, mask), network(image * (1 - mask), mask))


def test_a_published_checkpoint_fills_a_hole(shared):
    filler = read_filler(shared / "checkpoints" / "inpaint" / "hansen_ffc_unet.pth")
    assert (filler.architecture, filler.size) == ("FfcUnet", 128)
    y, x = torch.meshgrid(torch.linspace(0, 1, 128), torch.linspace(0, 1, 128), indexing="ij")
    image = torch.stack([x, y, 1 - x])[None]
    mask = torch.zeros(1, 1, 128, 128)
    mask[..., 50:70, 50:70] = 1
    with torch.no_grad():
        made = filler(image, mask)
        for module in filler.modules():
            if isinstance(module, torch.nn.Conv2d):
                module.weight.copy_(module.weight.flip(0))
        misplaced = filler(image, mask)
    off, worse = (float((x - image).abs().mean()) for x in (made, misplaced))
    assert off < 0.2
    assert worse > 1.3 * off


@pytest.mark.slow
def test_lama_is_recognised_by_spandrel(tmp_path):
    from spandrel.architectures.LaMa import LaMa

    torch.manual_seed(0)
    path = tmp_path / "lama.safetensors"
    save_file(LaMa(in_nc=4, out_nc=3).state_dict(), path)
    found = recognise((path,))
    assert found is not None
    assert found.architecture == "LaMa"
    filler = read_filler(path)
    image, mask = torch.rand(1, 3, 64, 64), torch.zeros(1, 1, 64, 64)
    mask[..., 20:30, 20:30] = 1
    with torch.no_grad():
        assert filler(image, mask).shape == image.shape


def test_another_network_is_none(tmp_path):
    path = tmp_path / "other.pth"
    torch.save(UnetGenerator(downs=5, width=4, widest=16).state_dict(), path)
    assert recognise((path,)) is None


def test_a_changed_network_is_refused_in_words(tmp_path):
    path = tmp_path / "odd.pth"
    state = FfcUnet(8).state_dict()
    state["enc3.0.weight"] = torch.zeros(3)
    torch.save(state, path)
    with pytest.raises(CheckpointError, match="odd.pth is not a known network that fills holes"):
        read_filler(path)


def test_without_any_model_it_says_so(registry, picture, photo, tmp_path):
    from studio.host.models import ModelStore
    from studio.host.requests import RunRequest
    from studio.host.runs import Runner

    bare = Runner(registry, ModelStore(tmp_path / "models", tmp_path, []))
    given = picture(photo(40, 40), disc(40, 40, 8))
    with pytest.raises(UserError) as caught:
        bare.execute(RunRequest("inpainting.fill", {}, given, device="cpu"))
    assert caught.value.message
