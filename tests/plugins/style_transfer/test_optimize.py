from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from studio.api import Cancelled, UserError
from studio.document import composite
from studio.host.models import ModelStore
from studio.host.observer import Observer
from studio.host.plugins import PluginRegistry
from studio.host.previews import TilePreview
from studio.host.runs import Runner
from studio.nn.checkpoints import CheckpointError
from studio.nn.features import FeatureNetwork, build_features, load_features
from studio.nn.losses import gram
from studio_plugins.style_transfer.feature_networks import PUBLISHED, recognise
from studio_plugins.style_transfer.gatys import (
    Descent,
    Objective,
    Weights,
    fitted,
    pyramid,
    recolored,
    roughness,
    shares,
)

Array = np.ndarray[Any, Any]
OPTIMIZE = "style-transfer.optimize"


def vgg(depths: tuple[int, ...] = (2, 2, 4, 4, 4), width: int = 6) -> dict[str, torch.Tensor]:
    """torchvision's layout with random weights."""
    torch.manual_seed(5)
    state, given, index = {}, 3, 0
    for depth in depths:
        for _ in range(depth):
            kernel = nn.init.kaiming_normal_(torch.empty(width, given, 3, 3))
            state[f"features.{index}.weight"] = kernel
            state[f"features.{index}.bias"] = torch.full((width,), 0.05)
            given, index = width, index + 2
        index += 1
    return state


@pytest.fixture(scope="session")
def vgg19(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stands in for torchvision's file."""
    path = tmp_path_factory.mktemp("vgg") / "vgg19.pth"
    torch.save(vgg(), path)
    return path


@pytest.fixture
def imported(store: ModelStore, registry: PluginRegistry, tmp_path: Path) -> str:
    """The id of a VGG-16 that somebody imported."""
    path = tmp_path / "my-vgg.safetensors"
    save_file(vgg((2, 2, 3, 3, 3)), path)
    return store.import_file(path, registry.loaders()).id


class Watcher(Observer):
    """Counts steps, and stops or cancels after some."""

    def __init__(self, stop_after: int | None = None, cancel_after: int | None = None) -> None:
        self.messages: list[str] = []
        self.previews: list[TilePreview] = []
        self._stop, self._cancel = stop_after, cancel_after

    @property
    def steps(self) -> int:
        return sum("Step" in message for message in self.messages)

    def progress(self, fraction: float, message: str) -> None:
        assert 0 <= fraction <= 1
        self.messages.append(message)

    def tile(self, preview: TilePreview) -> None:
        self.previews.append(preview)

    def stopping(self) -> bool:
        return self._stop is not None and self.steps >= self._stop

    def cancelled(self) -> bool:
        return self._cancel is not None and self.steps >= self._cancel


@pytest.fixture
def optimized(run: Callable[..., Any]) -> Callable[..., Array]:
    def make(array: Array, **parameters: Any) -> Array:
        values = {"steps": 12, "size": 64, **parameters}
        return composite(run(OPTIMIZE, array, **values).after())[..., :3]

    return make


def pictures() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.rand(1, 3, 40, 48) * 0.3, (torch.rand(1, 3, 64, 64) > 0.5).float()


def objective(**weights: float) -> Objective:
    network = build_features(vgg())
    given = {"content": 1.0, "style": 10.0, "smoothness": 0.0, **weights}
    return Objective(network, network.layers, Weights(**given))


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_steps_bring_the_loss_down(optimizer: str):
    content, style = pictures()
    judge = objective(content=0.1)
    targets = judge.targets(content, style)
    descent = Descent(content, lambda image: judge(image, targets), optimizer)
    losses = [descent.step() for _ in range(40)]
    assert losses[0] == pytest.approx(10, rel=2e-2)  # the style's distance is 1 at first
    assert losses[-1] < 0.7 * losses[0]
    assert descent.image.min() >= 0
    assert descent.image.max() <= 1


def test_content_is_at_rest_without_a_style():
    content, style = pictures()
    judge = objective(style=0.0)
    targets = judge.targets(content, style)
    assert float(judge(content, targets)) == pytest.approx(0, abs=1e-9)
    assert float(judge(1 - content, targets)) > 0.1


def test_a_dark_picture_is_to_keep_what_it_shows_in_the_styles_colors():
    content, style = pictures()
    content = content * 0.1 + 0.05
    toned = recolored(content, style)
    judge = objective(style=0.0)
    kept = judge.targets(content, style, toned)
    assert float(judge(toned, kept)) == pytest.approx(0, abs=1e-9)
    assert float(judge(content, kept)) > 0.1
    plain = judge.targets(content, style)
    for layer, (goal, distance) in plain.grams.items():  # the style's losses are as they were
        torch.testing.assert_close(kept.grams[layer], (goal, distance))


def test_it_starts_with_the_styles_colors():
    content, style = pictures()
    style = torch.cat([style[:, :1] * 0.5 + 0.25, style[:, 1:] * 0.2 + 0.4], dim=1)
    made = recolored(content, style)
    torch.testing.assert_close(made.mean((2, 3)), style.mean((2, 3)), atol=0.02, rtol=0)
    torch.testing.assert_close(made.std((2, 3)), style.std((2, 3)), atol=0.05, rtol=0)
    flat = recolored(torch.full_like(content, 0.3), style)
    torch.testing.assert_close(flat.mean((2, 3)), style.mean((2, 3)), atol=0.02, rtol=0)


def test_smoothness_is_the_squared_difference_of_neighbors():
    flat, steep = torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    steep[..., 2:] = 0.6
    assert float(roughness(flat)) == 0
    assert float(roughness(steep)) == pytest.approx(0.36 / 3)


def test_levels_double_up_to_the_size_and_coarse_ones_get_more_steps():
    assert pyramid(512) == [128, 256, 512]
    assert pyramid(100) == [100]
    parts = shares(3)
    assert sum(parts) == pytest.approx(1)
    assert parts == sorted(parts, reverse=True)
    assert fitted(torch.rand(1, 3, 30, 60), 120).shape == (1, 3, 60, 120)


def test_the_result_has_the_styles_statistics(photo, style, imported, optimized, vgg19):
    network = load_features(vgg19)
    given, source = photo(48, 64), style(3)
    made = optimized(given, style=source, steps=40, style_weight=100.0)

    def distance(array: Array) -> float:
        image = torch.from_numpy(array.astype(np.float32) / 255).permute(2, 0, 1)[None]
        return float(sum((g - w).square().sum() for g, w in zip(grams(image), wanted, strict=True)))

    def grams(image: torch.Tensor) -> list[torch.Tensor]:
        found = network(image, ("1_1", "2_1", "3_1"))
        return [gram(found[layer]) for layer in found]

    from PIL import Image

    with Image.open(source) as opened:
        painting = torch.from_numpy(np.asarray(opened.convert("RGB"), np.float32) / 255)
    wanted = grams(fitted(painting.permute(2, 0, 1)[None], 64))
    assert distance(made) < 0.3 * distance(given)


def test_without_any_feature_network_it_says_what_to_fetch(run, photo, style):
    with pytest.raises(UserError, match="no feature network") as caught:
        run(OPTIMIZE, photo(), style=style())
    assert "hed-vgg16" in caught.value.hint
    assert PUBLISHED in caught.value.hint


def test_it_says_when_another_network_takes_the_place_of_vgg_19(run, photo, style, imported):
    result = run(OPTIMIZE, photo(), style=style(), steps=1, size=64)
    assert any("VGG-19 is not on this computer" in note for note in result.notes)
    assert any("my-vgg" in note for note in result.notes)


def test_a_style_must_be_chosen_and_strength_0_is_the_picture(run, photo, optimized, style):
    with pytest.raises(UserError, match="No style is chosen"):
        run(OPTIMIZE, photo())
    given = photo()
    np.testing.assert_array_equal(optimized(given, style=style(), strength=0.0), given)


@pytest.fixture
def server(vgg19: Path) -> Iterator[tuple[str, list[str]]]:
    """Serves the stand-in as torchvision's host does; with the paths it was asked for."""
    data, asked = vgg19.read_bytes(), []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_args: object) -> None:
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}", asked
    made.shutdown()
    thread.join()
    made.server_close()


def test_vgg_19_is_fetched_when_it_is_chosen_and_preferred_from_then_on(
    bundled, registry, vgg19, server, imported, store, photo, style, tmp_path
):
    address, asked = server
    data = vgg19.read_bytes()
    known = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    cards = []
    for card in registry.cards():
        if card.id == PUBLISHED:
            assert card.source.startswith("https://")
            assert card.files[0].sha256.startswith("dcbb9e9d")  # as its name says
            file = card.files[0].model_copy(update=known)
            changes = {"files": (file,), "source": f"{address}/models/vgg19-dcbb9e9d.pth"}
            card = card.model_copy(update=changes)  # noqa: PLW2901 - the card with the stand-in's hash
        cards.append(card)
    runner = Runner(registry, ModelStore(store.cache_dir, bundled, cards))

    def notes(**parameters: Any) -> tuple[str, ...]:
        values = {"style": style(), "steps": 1, "size": 64, **parameters}
        return runner.execute(request_of(photo(), values)).notes

    assert any("VGG-19 is not" in note for note in notes())
    assert asked == []
    assert notes(features=PUBLISHED) == ()
    assert asked == ["/models/vgg19-dcbb9e9d.pth"]
    assert notes() == ()
    assert len(asked) == 1


def request_of(array: Array, parameters: dict[str, Any], **fields: Any) -> Any:
    from studio.document import Picture
    from studio.host.requests import RunRequest

    opaque = np.full((*array.shape[:2], 1), 255, "u1")
    picture = Picture.from_pixels(np.ascontiguousarray(np.concatenate([array, opaque], axis=2)))
    return RunRequest(OPTIMIZE, parameters, picture, device="cpu", precision="float32", **fields)


def test_stopped_early_it_keeps_what_it_has_at_the_full_size(runner, photo, style, imported):
    watcher = Watcher(stop_after=5)
    given = photo(96, 128)
    request = request_of(given, {"style": style(3), "steps": 4000, "size": 128})
    result = runner.execute(request, watcher)
    assert watcher.steps == 5
    assert "Stopped after 5 of 4000 steps." in result.notes
    made = composite(result.after())[..., :3]
    assert made.shape == given.shape
    assert np.abs(made.astype(int) - given).mean() > 2


def test_the_picture_is_seen_as_it_evolves(runner, photo, style, imported):
    watcher = Watcher()
    runner.execute(request_of(photo(), {"style": style(3), "steps": 6, "size": 64}), watcher)
    assert watcher.previews
    assert watcher.previews[0].pixels.shape[2] == 3
    assert watcher.steps == 6


def test_a_cancel_is_answered_within_a_step(runner, photo, style, imported):
    watcher = Watcher(cancel_after=2)
    request = request_of(photo(96, 128), {"style": style(), "steps": 5000, "size": 128})
    with pytest.raises(Cancelled):
        runner.execute(request, watcher)
    assert watcher.steps == 2


def test_a_cancel_is_noticed_while_gradients_are_computed():
    content, style = pictures()
    judge = objective()
    targets = judge.targets(content, style)
    calls = []

    def alive() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise Cancelled

    descent = Descent(content, lambda image: judge(image, targets, alive), "lbfgs")
    with pytest.raises(Cancelled):
        descent.step()
    assert len(calls) == 3


def test_a_seed_repeats_and_another_one_differs_from_noise(runner, photo, style, imported):
    values = {"style": style(), "steps": 3, "size": 64, "start": "noise"}

    def made(seed: int) -> Array:
        return composite(runner.execute(request_of(photo(), values, seed=seed)).after())

    first = made(1)
    np.testing.assert_array_equal(first, made(1))
    assert np.abs(first.astype(int) - made(2)).mean() > 1


def test_own_colors_stay(photo, style, imported, optimized):
    given = photo(48, 64) // 2 + 60
    made = optimized(given, style=style(3), steps=20, preserve_colors=True).astype(int)
    change = made - given
    assert np.abs(change).mean() > 1
    assert np.abs(change - change.mean(axis=2, keepdims=True)).mean() < 1


def test_a_larger_picture_keeps_its_fine_structure(photo, style, imported, optimized):
    given = np.repeat(np.repeat(photo(48, 64), 4, axis=0), 4, axis=1)
    given[::2] = given[::2] // 2 + 60  # lines of one pixel, which reducing takes away
    plain, fine = (
        optimized(given, style=style(3), steps=3, detail=share).astype(int) for share in (0.0, 1.0)
    )
    assert plain.shape == fine.shape == given.shape

    def lines(array: Array) -> float:
        return float(np.abs(np.diff(array, axis=0)).mean())

    assert lines(fine) > 3 * lines(plain)


def test_vggs_are_recognised_and_other_networks_are_not(tmp_path, shared):
    save_file(vgg(), tmp_path / "nineteen.safetensors")
    save_file(vgg((2, 2, 3, 3, 3)), tmp_path / "sixteen.safetensors")
    save_file({"a.weight": torch.zeros(3)}, tmp_path / "other.safetensors")

    def kind(path: Path) -> str | None:
        found = recognise((path,))
        return found.architecture if found else None

    assert kind(tmp_path / "nineteen.safetensors") == "VGG-19"
    assert kind(tmp_path / "sixteen.safetensors") == "VGG-16"
    assert kind(tmp_path / "other.safetensors") is None
    folder = shared / "checkpoints" / "vgg"
    for name in ("vgg_normalised_conv3_1.pth", *(f"cd16x_{n}SE.pth" for n in range(1, 6))):
        assert kind(folder / name) == "VGG, cut off"
    assert kind(folder / "feature_invertor_conv3_1.pth") is None


def test_features_of_a_cut_off_vgg_serve(shared, photo, style, store, registry, run):
    path = shared / "checkpoints" / "vgg" / "cd16x_4SE.pth"
    name = store.import_file(path, registry.loaders()).id
    result = run(OPTIMIZE, photo(), style=style(3), steps=2, size=64, features=name)
    assert composite(result.after()).shape[:2] == (48, 64)


def test_a_network_without_features_is_refused_by_its_loader(tmp_path):
    (tmp_path / "a.pth").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(CheckpointError, match="damaged"):
        recognise((tmp_path / "a.pth",))


def test_layers_are_chosen_from_what_a_network_has():
    short = FeatureNetwork([[2, 2], [3]])
    judge = Objective(short, short.layers, Weights(1, 1, 0))
    assert judge.style_layers == ("1_1", "2_1")
    assert judge.content_layer == "2_1"
