"""Instance normalization with the statistics of the whole picture."""

from __future__ import annotations

import threading

import pytest
import torch
from torch import Tensor, nn

from studio.nn.statistics import ConditionalInstanceNorm2d, samples, shared_statistics


def network(channels: int = 6) -> nn.Sequential:
    """Two normalized layers without borders of their own, so that tiles could match exactly."""
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(3, channels, 1),
        nn.InstanceNorm2d(channels, affine=True),
        nn.ReLU(),
        nn.Conv2d(channels, channels, 1),
        nn.InstanceNorm2d(channels),
        nn.ReLU(),
        nn.Conv2d(channels, 3, 1),
    ).eval()


def picture(height: int = 40, width: int = 60) -> Tensor:
    """Dark on the left, bright and restless on the right: halves of it differ in every statistic."""
    random = torch.Generator().manual_seed(1)
    ramp = torch.linspace(0, 1, width)
    return ramp * torch.rand(1, 3, height, width, generator=random) + ramp / 2


def halves(net: nn.Module, image: Tensor) -> Tensor:
    middle = image.shape[3] // 2
    return torch.cat([net(image[..., :middle]), net(image[..., middle:])], dim=3)


@torch.no_grad()
def test_tiles_are_as_the_whole_picture():
    net, image = network(), picture()
    whole = net(image)
    assert (halves(net, image) - whole).abs().max() > 0.1
    with shared_statistics(net, image):
        assert torch.allclose(halves(net, image), whole, atol=1e-5)


@torch.no_grad()
def test_crops_stand_for_the_picture():
    net, image = network(), picture(400, 600)
    crops = samples(image, side=40, crops=54)
    assert len(crops) == 54
    with shared_statistics(net, crops):
        out = halves(net, image)
    apart = (halves(net, image) - net(image)).abs().mean()
    assert (out - net(image)).abs().mean() < apart / 10


@torch.no_grad()
def test_the_borders_of_crops_are_not_counted():
    norm = nn.InstanceNorm2d(1)
    crops = torch.rand(3, 1, 16, 16)
    framed = torch.full((3, 1, 24, 24), 9.0)
    framed[..., 3:-3, 3:-3] = torch.nn.functional.pad(crops, (1, 1, 1, 1), mode="reflect")
    with shared_statistics(norm, framed):
        first = norm(crops)
    inner = framed[..., 3:-3, 3:-3]
    variance, mean = torch.var_mean(inner, correction=0)
    assert torch.allclose(first, (crops - mean) / (variance + 1e-5).sqrt(), atol=1e-5)


@torch.no_grad()
def test_the_network_is_as_before_also_after_an_exception():
    net, image = network(), picture()
    before = halves(net, image)
    with pytest.raises(KeyError), shared_statistics(net, image):
        raise KeyError
    assert torch.equal(halves(net, image), before)
    assert not any("forward" in vars(layer) for layer in net.modules())


def test_a_failing_first_run_leaves_nothing_behind():
    net = network()
    with pytest.raises(RuntimeError), shared_statistics(net, torch.zeros(1, 5, 8, 8)):
        pass
    assert not any("forward" in vars(layer) for layer in net.modules())


@torch.no_grad()
def test_other_threads_see_the_network_as_it_is():
    net, image = network(), picture()
    before, found = halves(net, image), []
    with shared_statistics(net, image):
        other = threading.Thread(target=lambda: found.append(halves(net, image)))
        other.start()
        other.join()
        assert not torch.allclose(halves(net, image), before, atol=1e-3)
    assert torch.allclose(found[0], before, atol=1e-6)


@torch.no_grad()
def test_half_precision_keeps_its_type():
    net, image = network().bfloat16(), picture().bfloat16()
    with shared_statistics(net, image):
        tiled = halves(net, image)
    assert tiled.dtype == torch.bfloat16
    assert (tiled.float() - network()(picture())).abs().mean() < 0.02


@torch.no_grad()
def test_running_statistics_are_left_alone():
    torch.manual_seed(0)
    norm = nn.InstanceNorm2d(3, track_running_stats=True)
    norm(picture())  # in training mode: takes some
    norm.eval()
    image = picture() * 3
    expected = norm(image)
    with shared_statistics(norm, image):
        assert torch.equal(norm(image), expected)


@torch.no_grad()
def test_a_style_scales_and_shifts_what_is_normalized():
    image = torch.rand(1, 4, 9, 7)
    scale, shift = torch.rand(1, 4, 1, 1) + 1, torch.rand(4)
    norm = ConditionalInstanceNorm2d(4)
    plain = nn.InstanceNorm2d(4)(image)
    assert torch.allclose(norm(image), plain, atol=1e-6)
    expected = plain * scale + shift[:, None, None]
    assert torch.allclose(norm(image, scale, shift), expected, atol=1e-5)
    with shared_statistics(norm, image, lambda given: norm(given, scale, shift)):
        part = norm(image[..., :3], scale, shift)
    assert torch.allclose(part, expected[..., :3], atol=1e-5)


@torch.no_grad()
def test_pictures_of_a_batch_can_have_styles_of_their_own():
    images = torch.rand(2, 4, 9, 7)
    scale, shift = torch.rand(2, 4), torch.rand(2, 4)
    norm = ConditionalInstanceNorm2d(4)
    each = [norm(images[i : i + 1], scale[i], shift[i]) for i in range(2)]
    assert torch.allclose(norm(images, scale, shift), torch.cat(each), atol=1e-5)


def test_a_style_can_be_learned():
    scale = torch.ones(4, requires_grad=True)
    ConditionalInstanceNorm2d(4)(torch.rand(1, 4, 9, 7), scale, None).square().sum().backward()
    assert scale.grad is not None
    assert scale.grad.abs().min() > 0


@pytest.mark.parametrize("size", [(700, 1100), (1100, 700), (90, 4000), (64, 64 * 17 + 1)])
def test_samples_are_spread_evenly(size):
    height, width = size
    image = torch.arange(height * width).reshape(1, 1, height, width)
    crops = samples(image, side=64, crops=16)
    assert crops.shape[0] >= 16
    assert crops.shape[2:] == (64, 64)
    rows, columns = crops // width, crops % width
    for found, length in ((rows, height), (columns, width)):
        centers = found.float().mean(dim=(1, 2, 3))
        count = len(centers.unique())
        middles = (torch.arange(count) + 0.5) * length / count
        assert (centers.unique() - middles).abs().max() <= max(1, 32 - length / count / 2)


def test_a_small_picture_is_its_own_sample():
    image = torch.rand(1, 3, 200, 300)
    assert samples(image) is image
