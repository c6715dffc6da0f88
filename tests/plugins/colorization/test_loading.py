"""Networks that people bring along: the published layouts, with seeded weights."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from studio.api import ModelCard, UserError
from studio.document import Picture
from studio.host.hints import Dab
from studio.host.models import ModelStore
from studio.host.plugins import PluginRegistry
from studio.host.requests import RunRequest
from studio.host.results import RunResult
from studio.host.runs import Runner
from studio.nn.checkpoints import CheckpointError
from studio_plugins.colorization.loading import EXTRA, load_predictor, read_predictor, recognise
from studio_plugins.colorization.predictors import Prediction, Predictor
from studio_plugins.colorization.zhang import Eccv16, GrayToColor, Siggraph17, grid_centers

Array = np.ndarray[Any, Any]
Save = Callable[[nn.Module | dict[str, Any]], Path]
PUBLISHED = {
    "eccv16": {
        "model1.0.weight": (64, 1, 3, 3),
        "model1.4.running_mean": (64,),
        "model3.6.weight": (256,),
        "model5.4.weight": (512, 512, 3, 3),
        "model8.0.weight": (512, 256, 4, 4),
        "model8.4.weight": (256, 256, 3, 3),
        "model8.6.weight": (313, 256, 1, 1),
        "model_out.weight": (2, 313, 1, 1),
    },
    "siggraph17": {
        "model1.0.weight": (64, 4, 3, 3),
        "model4.6.running_var": (512,),
        "model8up.0.weight": (512, 256, 4, 4),
        "model3short8.0.weight": (256, 256, 3, 3),
        "model8.5.weight": (256,),
        "model9.3.weight": (128,),
        "model10up.0.weight": (128, 128, 4, 4),
        "model1short10.0.weight": (128, 64, 3, 3),
        "model10.1.weight": (128, 128, 3, 3),
        "model_class.0.weight": (529, 256, 1, 1),
        "model_out.0.weight": (2, 128, 1, 1),
    },
}


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(state: nn.Module | dict[str, Any]) -> Path:
        path = tmp_path / "network.pth"
        torch.save(state.state_dict() if isinstance(state, nn.Module) else state, path)
        return path

    return write


def seeded(network: nn.Module) -> nn.Module:
    """Weights that make something colorful of every picture."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(module.weight)
    return network.eval()


def eccv16() -> Eccv16:
    network = seeded(Eccv16(width=4))
    assert isinstance(network, Eccv16)
    grid = grid_centers()
    inside = grid[grid.norm(dim=1).argsort()[:313]]
    network.model_out.weight.data = (inside / 110).T[:, :, None, None].contiguous()
    return network


@pytest.mark.parametrize(("kind", "network"), [("eccv16", Eccv16), ("siggraph17", Siggraph17)])
def test_the_layout_is_the_published_one(kind: str, network: type[nn.Module]) -> None:
    state = network().state_dict()
    for key, shape in PUBLISHED[kind].items():
        assert tuple(state[key].shape) == shape, key
    convolutions = sum(value.ndim == 4 for value in state.values())
    assert convolutions == {"eccv16": 24, "siggraph17": 31}[kind]


def test_eccv16_names_colors_at_a_quarter_of_the_size(save: Save) -> None:
    network = eccv16()
    predictor = read_predictor(save(network)).eval()
    assert (predictor.architecture, predictor.hints) == ("eccv16", False)
    light = torch.rand(1, 1, 48, 64)
    with torch.no_grad():
        found = predictor(light, torch.zeros(1, 3, 48, 64))
        expected = network.model_out(network(100 * light).softmax(1)) * 110  # as published
    assert tuple(found.colors(1.0).shape) == (1, 2, 12, 16)
    assert torch.allclose(found.colors(1.0), expected, atol=1e-3)


def test_siggraph17_takes_hints(save: Save) -> None:
    network = seeded(Siggraph17(width=4))
    predictor = read_predictor(save(network)).eval()
    assert (predictor.architecture, predictor.hints) == ("siggraph17", True)
    light, hints = torch.rand(1, 1, 48, 64), torch.zeros(1, 3, 48, 64)
    with torch.no_grad():
        plain = predictor(light, hints)
        hints[:, :, 20:23, 20:23] = torch.tensor([0.5, -0.3, 1.0])[:, None, None]
        hinted = predictor(light, hints)
    assert tuple(plain.colors(0.4).shape) == (1, 2, 48, 64)
    assert tuple(plain.logits.shape) == (1, 529, 12, 16)
    assert float(plain.colors(0.4).abs().max()) <= 110
    moved = (plain.colors(0.4) - hinted.colors(0.4)).abs()
    assert float(moved[..., 16:27, 16:27].mean()) > 0.1


def test_centers_are_a_grid_with_a_before_b() -> None:
    centers = grid_centers()
    assert centers[0].tolist() == [-110, -110]
    assert centers[1].tolist() == [-110, -100]
    assert centers[23].tolist() == [-100, -110]
    assert centers[264].tolist() == [0, 0]


@pytest.mark.parametrize("kind", ["eccv16", "siggraph17", "GrayToColor", "Colorizer"])
def test_what_was_brought_along_colors_pictures(
    kind: str,
    save: Save,
    model_file: Path,
    registry: PluginRegistry,
    photo: Callable[..., Array],
    card_of: Callable[..., ModelCard],
    tmp_path: Path,
) -> None:
    networks = {"siggraph17": Siggraph17(width=4), "GrayToColor": GrayToColor((4, 4, 8))}
    if kind == "Colorizer":
        path = model_file
    else:
        path = save(eccv16() if kind == "eccv16" else seeded(networks[kind]))
    found = recognise((path,))
    assert found is not None
    assert found.architecture == kind
    store = ModelStore(tmp_path / "models", tmp_path, [card_of(path, "own", f"file:{path}")])
    result = colored(Runner(registry, store), photo(50, 70), (Dab(20, 20, 3, "#b04040"),))
    pixels = result.images[0].pixels
    assert pixels.shape == (50, 70, 4)
    assert np.ptp(pixels[..., :3], axis=2).max() > 10
    assert pixels[20, 20, 0] > pixels[20, 20, 2] + 10, "the hint is followed by any network"


def colored(runner: Runner, pixels: Array, hints: tuple[Dab, ...]) -> RunResult:
    opaque = np.full((*pixels.shape[:2], 1), 255, np.uint8)
    picture = Picture.from_pixels(np.concatenate([pixels, opaque], axis=2))
    parameters = {"model": "own", "variations": 2}
    return runner.execute(
        RunRequest("colorization.colorize", parameters, picture, device="cpu", hints=hints)
    )


@pytest.mark.parametrize(
    "state",
    [
        {"conv1.weight": torch.zeros(4, 3, 3, 3), "conv1.bias": torch.zeros(4)},
        {"features.0.weight": torch.zeros(64, 3, 3, 3)},
        {"model1.0.weight": torch.zeros(64, 1, 3, 3), "model_out.weight": torch.zeros(3, 5, 1, 1)},
        {"model1.0.weight": torch.zeros(8, 4, 3, 3), "model_out.0.weight": torch.zeros(2, 2, 1, 1)},
        {f"conv{n}.{p}": torch.zeros(4, 1, 5, 5) for n in range(1, 5) for p in ("weight", "bias")},
    ],
)
def test_other_networks_are_left_to_others(save: Save, state: dict[str, Any]) -> None:
    assert recognise((save(state),)) is None


def test_ddcolor_needs_a_package_that_is_named(save: Save) -> None:
    if importlib.util.find_spec(EXTRA) is not None:
        pytest.skip("the package is installed")
    state = {
        "encoder.arch.stages.3.0.gamma": torch.zeros(768),
        "refine_net.0.0.weight_orig": torch.zeros(2, 103, 1, 1),
    }
    with pytest.raises(CheckpointError, match=EXTRA) as raised:
        recognise((save(state),))
    assert "pip install" in raised.value.hint


def test_ddcolor_with_the_package(save: Save) -> None:
    pytest.importorskip(EXTRA)
    from spandrel_extra_arches.architectures.DDColor import DDColor

    torch.manual_seed(0)
    network = DDColor(encoder_name="convnext-t", nf=512, num_output_channels=2, last_norm="Spectral",
                      num_queries=10, num_scales=3, dec_layers=3, input_size=(256, 256))  # fmt: skip
    found = read_predictor(save(network)).eval()
    with torch.no_grad():
        ab = found(torch.rand(1, 1, 48, 64), torch.zeros(1, 3, 48, 64)).colors(0.4)
    assert found.architecture == "DDColor"
    assert tuple(ab.shape) == (1, 2, 48, 64)
    assert float(ab.std()) > 0


def test_a_damaged_file_is_told_by_the_name_of_the_model(
    tmp_path: Path, card_of: Callable[..., ModelCard]
) -> None:
    path = tmp_path / "broken.pth"
    path.write_bytes(b"nothing")
    card = card_of(path, "own", f"file:{path}")
    with pytest.raises(UserError, match="^own: "):
        load_predictor(card, [path])


def test_four_convolutions_of_a_tutorial(shared: Path) -> None:
    predictor = read_predictor(shared / "checkpoints" / "colorize" / "sukhmani_cnn.pth").eval()
    assert (predictor.architecture, predictor.hints) == ("GrayToColor", False)
    with torch.no_grad():
        found = predictor(torch.rand(1, 1, 40, 56), torch.zeros(1, 3, 40, 56)).colors(0.4)
    assert tuple(found.shape) == (1, 2, 40, 56)
    assert 1 < float(found.abs().mean()) < 60


def test_a_network_looks_at_several_sizes() -> None:
    """One view alone finds red, the other blue: together both are as likely."""
    centers = torch.tensor([[60.0, 40.0], [20.0, -60.0]])
    sizes = []

    def call(lightness: torch.Tensor, hints: torch.Tensor) -> Prediction:
        sizes.append(tuple(lightness.shape[2:]))
        assert float(hints[:, 0].max()) == 0.5  # averaged over what is known, not over all
        large = lightness.shape[2] > 20
        logits = torch.tensor([5.0, -5.0] if large else [-5.0, 5.0])
        return Prediction(logits.reshape(1, 2, 1, 1).expand(1, 2, 8, 8), centers)

    predictor = Predictor(
        torch.nn.Identity(), call, architecture="two", multiple=4, hints=True, views=(0.5,)
    )
    hints = torch.zeros(1, 3, 32, 24)
    hints[:, :, 3, 5] = torch.tensor([0.5, 0.25, 1.0])
    found = predictor(torch.rand(1, 1, 32, 24), hints)
    assert sizes == [(32, 24), (16, 12)]
    shares = found.shares()
    assert shares is not None
    torch.testing.assert_close(shares, torch.full((1, 2, 8, 8), 0.5))
