"""The network that fills holes: what it leaves alone, what it sees, and its files."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from studio.nn.checkpoints import CheckpointError
from studio.nn.inpainting import InpaintingNetwork, SpectralTransform, read_inpainting_network


def tiny(seed=0):
    torch.manual_seed(seed)
    network = InpaintingNetwork(width=6, blocks=2)
    for parameter in network.last.parameters():
        torch.nn.init.normal_(parameter, 0, 0.3)
    return network.eval()


@pytest.mark.parametrize("size", [(16, 16), (32, 80), (64, 48)])
def test_known_pixels_stay_and_the_hole_changes(size):
    image = torch.rand(2, 3, *size)
    mask = torch.zeros(2, 1, *size)
    mask[..., 4:12, 3:9] = 1
    made = tiny()(image, mask)
    assert torch.equal(made * (1 - mask), image * (1 - mask))
    assert (made - image)[:, :, 4:12, 3:9].abs().mean() > 0.01
    assert made.min() >= 0
    assert made.max() <= 1


def test_what_lies_behind_the_mask_does_not_matter():
    image, mask = torch.rand(1, 3, 32, 32), torch.zeros(1, 1, 32, 32)
    mask[..., 8:20, 8:20] = 1
    other = torch.where(mask > 0, torch.rand(1, 3, 32, 32), image)
    assert torch.equal(tiny()(image, mask), tiny()(other, mask))


def test_a_fresh_network_fills_smoothly():
    image = torch.full((1, 3, 32, 32), 0.25)
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., 8:20, 8:20] = 1
    hidden = torch.where(mask > 0, torch.zeros(()), image)
    made = InpaintingNetwork(6, 2).eval()(hidden, mask)
    assert torch.allclose(made, image, atol=1e-5)


def test_a_fresh_network_trusts_the_exemplar_most():
    image, mask = torch.zeros(1, 3, 32, 32), torch.zeros(1, 1, 32, 32)
    mask[..., 8:20, 8:20] = 1
    exemplar = torch.where(mask > 0, torch.ones(()), image)
    made = InpaintingNetwork(6, 2).eval()(image, mask, exemplar)
    assert (made[..., 8:20, 8:20] > 0.8).all()
    assert torch.equal(made * (1 - mask), image)


def test_an_exemplar_changes_the_filling():
    image, mask = torch.rand(1, 3, 32, 32), torch.zeros(1, 1, 32, 32)
    mask[..., 8:20, 8:20] = 1
    other = torch.where(mask > 0, torch.rand(1, 3, 32, 32), image)
    assert not torch.equal(tiny()(image, mask), tiny()(image, mask, other))


def test_everything_may_be_masked():
    made = tiny()(torch.rand(1, 3, 32, 32), torch.ones(1, 1, 32, 32))
    assert torch.isfinite(made).all()


def test_a_spectral_transform_sees_everything():
    torch.manual_seed(0)
    image = torch.rand(1, 4, 16, 24, requires_grad=True)
    SpectralTransform(4)(image)[0, 0, 0, 0].backward()
    assert (image.grad != 0).flatten(2).float().mean() > 0.5


def test_a_file_tells_its_size(tmp_path):
    network = tiny()
    halves = {key: value.half() for key, value in network.state_dict().items()}
    save_file(halves, tmp_path / "net.safetensors")
    read = read_inpainting_network(tmp_path / "net.safetensors")
    assert not read.training
    image, mask = torch.rand(1, 3, 32, 32), (torch.rand(1, 1, 32, 32) > 0.5).float()
    assert torch.allclose(read(image, mask), network(image, mask), atol=2e-2)


def test_another_network_is_refused(tmp_path):
    save_file({"conv.weight": torch.zeros(3, 3, 3, 3)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="other.safetensors is no inpainting network"):
        read_inpainting_network(tmp_path / "other.safetensors")
