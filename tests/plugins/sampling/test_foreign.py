"""Networks by others: those of ../shared are recognised and draw; tiny ones of each layout as well."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from studio.nn.checkpoints import CheckpointError
from studio_plugins.sampling.families_loading import read_latent_model, recognise_latent
from studio_plugins.sampling.foreign import (
    ConditionalVae,
    PerceptronGenerator,
    PlainVae,
    SequentialDcgan,
    UpsamplingGenerator,
)
from studio_plugins.sampling.foreign_diffusion import DigitDiffusion, shuffled

TINY = {
    "vae": lambda: PlainVae(4, 8),
    "cvae": lambda: ConditionalVae(4, 3, 8, 4),
    "wgan": lambda: UpsamplingGenerator(4, 3, 8, 4),
    "diffusion": lambda: DigitDiffusion(4, 16),
}


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def numbered(network):
    """The names that PyTorch's tutorial gives them: ``main.0``, ``main.1``, ``main.3``, ..."""
    state = {}
    for key, value in network.state_dict().items():
        kind, number, name = key.split(".")
        state[f"main.{3 * int(number) + (kind == 'norms')}.{name}"] = value
    return state


@pytest.mark.parametrize("name", TINY)
@torch.no_grad()
def test_a_layout_is_recognised_by_its_keys(name, tmp_path):
    network = TINY[name]().eval()
    save_file(network.state_dict(), tmp_path / "net.safetensors")
    found = read_latent_model(tmp_path / "net.safetensors")
    assert type(found) is type(network)
    label = torch.tensor([0, 2])
    latent = found.sample(torch.randn(2, found.length), label)
    planes = found(latent, label)
    assert planes.shape == (2, 1, 28, 28)
    assert planes.abs().max() <= 1
    assert torch.equal(planes, network(latent, label))
    axes = found.axes()
    assert axes.shape[1] == found.length
    if found.encodes:
        assert found.encode(planes, label).shape == latent.shape
    else:
        with pytest.raises(TypeError, match="no encoder"):
            found.encode(planes, label)


@pytest.mark.parametrize("classes", [0, 3])
@torch.no_grad()
def test_a_dcgan_of_any_depth_is_recognised(classes, tmp_path):
    network = SequentialDcgan([8, 4, 3], 100, classes).eval()
    torch.save({"netG_state_dict": numbered(network), "epoch": 3}, tmp_path / "weights.tar")
    found = read_latent_model(tmp_path / "weights.tar")
    assert (found.size, found.channels, found.length, found.classes) == (16, 3, 100, classes)
    latent, label = torch.randn(2, 100), torch.zeros(2, dtype=torch.long)
    assert torch.equal(found(latent, label), network(latent, label))


@torch.no_grad()
def test_a_generator_of_full_layers_is_recognised(tmp_path):
    network = PerceptronGenerator(6, 8).eval()
    state = {key.removeprefix("layers."): value for key, value in network.state_dict().items()}
    torch.save(state, tmp_path / "G.ckpt")
    found = read_latent_model(tmp_path / "G.ckpt")
    assert torch.equal(found(torch.ones(1, 6), torch.zeros(1)), network(torch.ones(1, 6), None))


def test_other_networks_are_left_to_other_loaders(tmp_path):
    save_file({"main.0.weight": torch.zeros(4, 3, 3, 3)}, tmp_path / "net.safetensors")
    assert recognise_latent((tmp_path / "net.safetensors",)) is None
    half = {key: value for key, value in PlainVae(4, 8).state_dict().items() if key[:3] != "fc1"}
    save_file(half, tmp_path / "half.safetensors")
    with pytest.raises(CheckpointError, match="no network that draws"):
        read_latent_model(tmp_path / "half.safetensors")


def test_shuffled_noise_is_noise_of_its_own_and_follows_the_latent():
    latent = torch.randn(2, 784)
    first, second = shuffled(latent, 1), shuffled(latent, 2)
    assert torch.equal(first.abs().sort(1).values, latent.abs().sort(1).values)
    assert torch.equal(shuffled(latent * 2, 1), first * 2)
    assert torch.cosine_similarity(first, second).abs().max() < 0.2
    assert torch.cosine_similarity(first, latent).abs().max() < 0.2


@pytest.mark.parametrize(
    ("file", "kind", "length", "classes"),
    [
        ("vae_csinva.pth", PlainVae, 20, 0),
        ("cvae_bhooyas.safetensors", ConditionalVae, 10, 10),
        ("cwgan_gp_hayato.pth", UpsamplingGenerator, 10, 10),
        ("gan_mlp_csinva.ckpt", PerceptronGenerator, 64, 0),
        ("mnist_diffusion_conditioned_rpw.pth", DigitDiffusion, 784, 10),
    ],
)
@torch.no_grad()
def test_published_checkpoints_draw_bright_strokes_on_black(shared, file, kind, length, classes):
    path = shared / "checkpoints" / "cond" / file
    if not path.is_file():
        pytest.skip(f"{file} is not in ../shared")
    model = read_latent_model(path)
    assert (type(model), model.length, model.classes) == (kind, length, classes)
    label = torch.arange(2)
    planes = model(model.sample(torch.randn(2, length), label), label)
    strokes = (planes > 0).float().mean((1, 2, 3))
    assert bool(((strokes > 0.02) & (strokes < 0.4)).all()), strokes
    assert float((planes < -0.5).float().mean()) > 0.5
    assert float((planes[..., :2, :] > 0).float().mean()) < 0.05  # digits keep clear of the border
