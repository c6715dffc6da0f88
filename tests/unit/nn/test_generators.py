from __future__ import annotations

import pytest
import torch

from studio.nn.discriminators import ImagePool, PatchDiscriminator, adversarial_loss
from studio.nn.generators import ResnetGenerator, UnetGenerator, initialise


@pytest.mark.parametrize("norm", ["instance", "instance-affine", "batch", "none"])
@pytest.mark.parametrize("upsampling", ["transposed", "resize"])
def test_resnets_keep_the_size(norm, upsampling):
    network = ResnetGenerator(3, 2, width=4, blocks=1, norm=norm, upsampling=upsampling).eval()
    out = network(torch.rand(2, 3, 16, 24) * 2 - 1)
    assert tuple(out.shape) == (2, 2, 16, 24)
    assert float(out.detach().abs().max()) <= 1


@pytest.mark.parametrize("upsampling", ["transposed", "resize"])
def test_unets_keep_the_size_and_see_the_whole_picture(upsampling):
    torch.manual_seed(0)
    network = UnetGenerator(downs=4, width=4, widest=8, upsampling=upsampling).eval()
    picture = torch.rand(1, 3, 16, 16)
    changed = picture.clone()
    changed[..., 0, 0] += 0.5
    out = network(picture)
    assert out.shape == picture.shape
    assert bool((network(changed) - out)[..., -1, -1].abs().sum() > 0)


def test_keys_are_those_of_the_published_implementation():
    unet = UnetGenerator(downs=7, width=64).state_dict()
    assert tuple(unet["model.model.0.weight"].shape) == (64, 3, 4, 4)
    assert tuple(unet["model.model.1.model.1.weight"].shape) == (128, 64, 4, 4)
    assert tuple(unet["model.model.3.weight"].shape) == (128, 3, 4, 4)
    resnet = ResnetGenerator(width=64, blocks=9).state_dict()
    assert tuple(resnet["model.10.conv_block.1.weight"].shape) == (256, 256, 3, 3)
    assert tuple(resnet["model.26.weight"].shape) == (3, 64, 7, 7)


@pytest.mark.parametrize(
    ("network", "millions"),
    [
        (lambda: UnetGenerator(downs=7), 41.829),
        (lambda: UnetGenerator(downs=8), 54.414),
        (lambda: ResnetGenerator(blocks=6), 7.838),
        (lambda: ResnetGenerator(blocks=9), 11.378),
    ],
)
def test_sizes_are_those_that_the_published_implementation_prints(network, millions):
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in network().parameters())
    assert round(count / 1e6, 3) == millions


def test_a_residual_generator_begins_near_the_identity_and_says_what_it_is():
    network = ResnetGenerator(width=4, blocks=1, residual=True)
    initialise(network)
    picture = torch.rand(1, 3, 16, 16) - 0.5
    plain = ResnetGenerator(width=4, blocks=1)
    initialise(plain)
    away = [float((each(picture) - picture).detach().abs().mean()) for each in (network, plain)]
    assert away[0] < 0.2 < away[1]
    assert "residual" in network.state_dict()
    assert "residual" not in ResnetGenerator(width=4, blocks=1).state_dict()


def test_a_patch_is_70_pixels_wide():
    network = PatchDiscriminator(width=4, norm="none")
    picture = torch.rand(1, 3, 128, 128, requires_grad=True)
    out = network(picture)
    assert tuple(out.shape) == (1, 1, 14, 14)
    out[0, 0, 7, 7].backward()
    seen = picture.grad[0].abs().sum(0)
    assert int((seen.sum(0) > 0).sum()) == 70
    assert int((seen.sum(1) > 0).sum()) == 70


def test_least_squares_are_zero_for_a_right_verdict():
    assert float(adversarial_loss(torch.ones(2, 1, 3, 3), real=True)) == 0
    assert float(adversarial_loss(torch.zeros(2, 1, 3, 3), real=True)) == 1
    assert float(adversarial_loss(torch.zeros(2, 1, 3, 3), real=False)) == 0


def test_a_pool_gives_back_earlier_pictures_and_survives_a_checkpoint():
    torch.manual_seed(0)
    pool = ImagePool(4)
    first = torch.arange(4.0).view(4, 1, 1, 1).expand(4, 3, 2, 2)
    assert torch.equal(pool.exchange(first), first)
    given = torch.cat([pool.exchange(torch.full((1, 3, 2, 2), 10.0 + i)) for i in range(30)])
    values = given[:, 0, 0, 0].tolist()
    assert any(value < 4 for value in values)
    assert any(value >= 10 for value in values)
    again = ImagePool(4)
    again.load_state_dict(pool.state_dict())
    torch.manual_seed(1)
    one = pool.exchange(torch.ones(3, 3, 2, 2))
    torch.manual_seed(1)
    assert torch.equal(again.exchange(torch.ones(3, 3, 2, 2)), one)
    empty = ImagePool()
    empty.load_state_dict(ImagePool().state_dict())
