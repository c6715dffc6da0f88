from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from studio.nn.augmentation import augmented
from studio.nn.autoencoders import Autoencoder, describe_latents, divergence, sampled
from studio.nn.autoregressive import TokenTransformer
from studio.nn.gans import (
    DcganGenerator,
    Discriminator,
    discriminator_loss,
    generator_loss,
    gradient_penalty,
)
from studio.nn.judging import compared, described, diversity
from studio.nn.planes import over, pack, unpack
from studio.nn.style_generator import StyleGenerator
from studio.nn.tokenizers import Codebook, Tokenizer


def rebuilt(network):
    kwargs = {"size": 32} if isinstance(network, Tokenizer) else {}
    state = dict(sorted(network.state_dict().items()))  # as files have it: 11 comes before 2
    return type(network).from_state(state, **kwargs).eval()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_planes_give_back_what_they_were_made_of(channels):
    color = torch.rand(2, 3, 8, 8)
    color = color.mean(1, keepdim=True).expand(-1, 3, -1, -1) if channels == 1 else color
    alpha = torch.rand(2, 1, 8, 8).clamp(min=0.2) if channels == 4 else None
    found, cover = unpack(pack(color, alpha, channels))
    assert torch.allclose(found, color, atol=1e-5)
    assert (cover is None) == (alpha is None)
    assert cover is None or torch.allclose(cover, alpha)


def test_what_is_transparent_shows_the_background():
    clear = pack(torch.rand(1, 3, 4, 4), torch.zeros(1, 1, 4, 4), 4)
    assert torch.allclose(over(clear, 0.3), torch.full((1, 3, 4, 4), 0.3))
    assert torch.equal(clear, torch.full_like(clear, -1))
    on_paper = pack(torch.rand(1, 3, 4, 4), torch.zeros(1, 1, 4, 4), 3)
    assert torch.equal(on_paper, torch.ones_like(on_paper))


@pytest.mark.parametrize("variational", [True, False])
@pytest.mark.parametrize(("size", "channels"), [(16, 1), (32, 4)])
def test_an_autoencoder_is_rebuilt_from_its_weights(variational, size, channels):
    network = Autoencoder(size, channels, 4, 6, variational=variational).eval()
    planes = torch.rand(3, channels, size, size) * 2 - 1
    again = rebuilt(network)
    assert again.variational == variational
    assert torch.equal(again(planes), network(planes))
    assert network(planes).shape == planes.shape
    mean, logarithm = network.encode(planes)
    assert mean.shape == logarithm.shape == (3, 6)


def test_the_divergence_of_the_prior_is_nothing():
    zero = torch.zeros(2, 5)
    assert torch.equal(divergence(zero, zero), torch.zeros(2))
    assert bool((divergence(zero + 1, zero) == 2.5).all())
    drawn = sampled(torch.full((20_000, 1), 3.0), torch.full((20_000, 1), 2.0).log() * 2)
    assert float(drawn.mean()) == pytest.approx(3, abs=0.1)
    assert float(drawn.std()) == pytest.approx(2, abs=0.1)


def test_axes_have_the_covariance_of_the_latents():
    latents = torch.randn(4000, 3) @ torch.tensor([[2.0, 0, 0], [0.5, 1, 0], [0, 0, 0.1]]) + 1
    mean, axes = describe_latents(latents)
    assert torch.allclose(mean, latents.mean(0), atol=1e-4)
    assert torch.allclose(axes.T @ axes, torch.cov(latents.T), atol=1e-3)
    lengths = axes.norm(dim=1)
    assert bool((lengths[:-1] >= lengths[1:]).all())


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("kind", [DcganGenerator, StyleGenerator])
@pytest.mark.parametrize("size", [16, 64])
def test_a_generator_is_rebuilt_from_its_weights(kind, classes, size):
    network = kind(size=size, channels=3, width=4, latent=8, classes=classes).eval()
    latent, label = torch.randn(3, 8), torch.tensor([0, 1, 2]) if classes else None
    torch.manual_seed(1)
    planes = network(latent, label)
    torch.manual_seed(1)
    assert torch.equal(rebuilt(network)(latent, label), planes)
    assert planes.shape == (3, 3, size, size)
    if classes:
        with pytest.raises(ValueError, match="needs a class"):
            network(latent)
        assert not torch.equal(network(latent, label.flip(0)), planes)


def test_styles_mix_by_layers_and_truncation_ends_at_the_mean():
    network = StyleGenerator(16, 3, 4, 8, 8).eval()
    one, other = network.map(torch.randn(2, 8)).split(1)
    same = torch.stack([one, one, one, other, other], 1)[:, : network.depth]
    mixed = network.draw(same, noise=False)
    assert not torch.allclose(mixed, network.draw(one, noise=False))
    assert not torch.allclose(mixed, network.draw(other, noise=False))
    network.center.copy_(torch.arange(8))
    assert torch.equal(network.truncated(one, 0.0)[0], network.center)
    assert torch.equal(network.truncated(one, 1.0), one)


def test_modulated_convolutions_do_not_see_the_scale_of_their_input():
    network = StyleGenerator(8, 3, 4, 8, 8).eval()
    layer = network.layers[0].convolution
    features, style = torch.randn(1, 8, 4, 4), torch.randn(1, 8)
    twice = type(layer)(8, 8, 3, 8)
    twice.load_state_dict(layer.state_dict())
    with torch.no_grad():
        for part in twice.scale.parameters():
            part.mul_(2)
    assert torch.allclose(layer(features, style), twice(features, style), atol=1e-4)
    weight = layer.weight[None] * layer.scale(style)[:, None, :, None, None]
    weight = weight / (weight.square().sum((2, 3, 4), keepdim=True) + 1e-8).sqrt()
    assert torch.allclose(
        layer(features, style), F.conv2d(features, weight[0], padding=1), atol=1e-4
    )


def test_the_losses_of_the_game():
    sure = torch.full((4,), 20.0)
    assert float(discriminator_loss(sure, -sure)) == pytest.approx(0, abs=1e-6)
    assert float(generator_loss(sure)) == pytest.approx(0, abs=1e-6)
    assert float(generator_loss(-sure)) == pytest.approx(20, abs=1e-3)


def test_the_gradient_penalty_is_the_squared_gradient():
    def slope(planes, _label):
        return 3 * planes[:, 0, 0, 0] + 4 * planes[:, 0, 1, 1]

    found = gradient_penalty(slope, torch.rand(5, 1, 4, 4), None)
    assert float(found) == pytest.approx(25)
    network = Discriminator(16, 3, 4, classes=2)
    gradient_penalty(network, torch.rand(4, 3, 16, 16), torch.tensor([0, 1, 0, 1])).backward()
    assert network.layers[0].weight.grad.abs().sum() > 0


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_augmentation_varies_and_lets_gradients_pass(channels):
    planes = (
        (torch.rand(1, channels, 16, 16) * 2 - 1).expand(6, -1, -1, -1).clone().requires_grad_()
    )
    varied = augmented(planes)
    assert varied.shape == planes.shape
    assert all(not torch.equal(varied[0], each) for each in varied[1:])
    varied.square().sum().backward()
    assert planes.grad.abs().sum() > 0


def test_augmentation_leaves_nothing_where_there_was_nothing():
    clear = torch.full((8, 4, 16, 16), -1.0)
    assert torch.equal(augmented(clear), clear)


@pytest.mark.parametrize("patch", [4, 8])
def test_a_tokenizer_is_rebuilt_from_its_weights(patch):
    network = Tokenizer(32, patch, 4, 4, 16, 8).eval()
    planes = torch.rand(2, 4, 32, 32) * 2 - 1
    tokens = network.encode(planes)
    assert tokens.shape == (2, 32 // patch, 32 // patch)
    assert torch.equal(rebuilt(network).decode(tokens), network.decode(tokens))
    assert network.decode(tokens).shape == planes.shape


def test_tokens_above_a_line_know_nothing_of_what_is_below():
    network = Tokenizer(32, 4, 3, 4, 16, 8).eval()
    planes = torch.rand(2, 3, 32, 32) * 2 - 1
    other = planes.clone()
    other[:, :, 16:] = 0
    before, after = network.features(planes), network.features(other)
    assert torch.equal(before[:, :, :4], after[:, :, :4])
    assert not torch.allclose(before[:, :, 4:], after[:, :, 4:])


def test_a_codebook_follows_what_it_is_shown_and_revives_the_dead():
    centers = torch.randn(8, 4) * 5
    book = Codebook(16, 4)
    book.entries.add_(1000)  # all of them useless at first
    for step in range(100):
        torch.manual_seed(step)
        index = torch.randint(8, (4, 8, 8))
        features = (centers[index] + torch.randn(4, 8, 8, 4) * 0.05).permute(0, 3, 1, 2)
        book.follow(features, book.nearest(features))
    found = book.nearest(centers.T[None, :, :, None]).flatten()
    assert len(set(found.tolist())) >= 7
    assert torch.cdist(centers, book.entries).min(1).values.median() < 0.2
    assert book.entries.abs().max() < 100


def test_a_transformer_sees_only_what_came_before():
    network = TokenTransformer(10, 4, 32, 2, classes=2).eval()
    tokens = torch.randint(10, (1, 16))
    changed = tokens.clone()
    changed[:, 9] = (changed[:, 9] + 1) % 10
    label = torch.tensor([0])
    before, after = network(tokens, label), network(changed, label)
    assert torch.allclose(before[:, :10], after[:, :10], atol=1e-5)
    assert not torch.allclose(before[:, 10:], after[:, 10:], atol=1e-5)
    assert not torch.allclose(before, network(tokens, torch.tensor([2])))


@pytest.mark.parametrize("known", [0, 5, 15, 16])
def test_completing_step_by_step_is_what_the_whole_says(known):
    network = TokenTransformer(10, 4, 32, 2, classes=2).eval()
    given, label = torch.randint(10, (2, known)), torch.tensor([1, 2])
    reports = []
    whole = network.complete(given, label, 0.0, report=lambda done, _: reports.append(done))
    assert torch.equal(whole[:, :known], given)
    assert torch.equal(network(whole, label).argmax(2)[:, known:], whole[:, known:])
    assert reports == list(range(known + 1, 17))
    assert torch.equal(rebuilt(network).complete(given, label, 0.0), whole)


def test_temperature_and_top_make_draws_bolder_or_tamer():
    network = TokenTransformer(50, 2, 32, 1).eval()
    nothing, label = torch.zeros(16, 0, dtype=torch.long), torch.zeros(16, dtype=torch.long)

    def kinds(temperature, top):
        torch.manual_seed(0)
        return int(network.complete(nothing, label, temperature, top)[:, 0].unique().numel())

    assert kinds(0.0, 1.0) == 1
    assert kinds(1.0, 0.01) == 1
    assert kinds(1.0, 1.0) > 3


def test_a_generator_that_always_draws_the_same_is_found_out():
    real = torch.rand(40, 3, 16, 16) * 2 - 1
    real = F.interpolate(real[..., :2, :2], (16, 16))
    varied, same = real.roll(1, 3), real[:1].expand(40, -1, -1, -1)
    good, bad = (compared(described(each, None), described(real, None)) for each in (varied, same))
    assert good["diversity, of the real"] > 0.8
    assert bad["diversity, of the real"] < 0.01
    assert bad["coverage"] < 0.2 < good["coverage"]
    assert bad["Fréchet distance"] > good["Fréchet distance"]
    labels = torch.arange(40) % 2
    each_class = real[:2].repeat(20, 1, 1, 1)  # one picture of each
    found = compared(described(each_class, None), described(real, None), labels)
    assert found["diversity, of the real"] < 0.01
    assert diversity(same) == pytest.approx(0, abs=1e-6)
    assert diversity(real) > 0.2
