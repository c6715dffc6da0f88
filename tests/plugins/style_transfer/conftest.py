"""Tiny seeded networks in the place of the real ones, and pictures to restyle."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from studio.api import ModelCard, ModelFile
from studio.document import Picture, Raster, composite
from studio.host.models import ModelStore
from studio.host.plugins import PluginRegistry, discover
from studio.host.requests import RunRequest
from studio.host.results import RunResult
from studio.host.runs import Runner
from studio_plugins.style_transfer.networks import StyleNetwork

Array = np.ndarray[Any, Any]
TINY = "tiny-style"
TINY_PRESETS = "tiny-presets"


def tiny_style_network() -> StyleNetwork:
    """A network that redraws a picture differently for every code."""
    torch.manual_seed(4)
    network = StyleNetwork(width=4, blocks=1, code=8)
    for name, parameter in network.named_parameters():
        if "affine" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return network.eval()


def _field(number: int, value: bytes | str | int) -> bytes:
    """One field of a protobuf message."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    raw = value.encode() if isinstance(value, str) else value
    length = len(raw)
    parts = [length & 0x7F | 0x80, length >> 7] if length > 0x7F else [length]
    return bytes([number << 3 | 2, *parts]) + raw


def tiny_presets() -> bytes:
    """An ONNX file: a picture blurred a little and tinted, by the shares of 26 tints."""
    random = np.random.default_rng(2)
    kernel = np.zeros((3, 3, 3, 3), "<f4")
    kernel[range(3), range(3)] = 0.5
    tints = random.normal(scale=1.5, size=(26, 3)).astype("<f4")
    shape = np.array([1, 3, 1, 1], "<i8")

    def tensor(name: str, array: Array, kind: int) -> bytes:
        sides = b"".join(_field(1, side) for side in array.shape)
        return _field(5, sides + _field(2, kind) + _field(8, name) + _field(9, array.tobytes()))

    def node(kind: str, inputs: str, output: str, attributes: bytes = b"") -> bytes:
        names = b"".join(_field(1, name) for name in inputs.split()) + _field(2, output)
        return _field(1, names + _field(4, kind) + attributes)

    def value(number: int, name: str, *sides: int) -> bytes:
        dims = b"".join(_field(1, _field(1, side)) for side in sides)
        return _field(number, _field(1, name) + _field(2, _field(1, _field(2, dims))))

    pads = _field(1, "pads") + b"".join(_field(8, 1) for _ in range(4)) + b"\xa0\x01\x07"
    graph = (
        node("Conv", "image kernel", "blurred", _field(5, pads))
        + node("MatMul", "style_weights tints", "flat")
        + node("Reshape", "flat shape", "tint")
        + node("Add", "blurred tint", "sum")
        + node("Sigmoid", "sum", "stylized")
        + tensor("kernel", kernel, 1)
        + tensor("tints", tints, 1)
        + tensor("shape", shape, 7)
        + value(11, "image", 1, 3, 0, 0)
        + value(11, "style_weights", 26)
        + value(12, "stylized")
    )
    return _field(7, graph) + _field(8, _field(2, 17))


@pytest.fixture(scope="session")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of bundled models with a tiny network for any style."""
    folder = tmp_path_factory.mktemp("bundled")
    save_file(tiny_style_network().state_dict(), folder / "tiny.safetensors")
    (folder / "presets.onnx").write_bytes(tiny_presets())
    return folder


@pytest.fixture(scope="session")
def registry() -> PluginRegistry:
    return discover(None)


def card(path: Path, id: str, task: str, architecture: str) -> ModelCard:
    """The card of one bundled file."""
    data = path.read_bytes()
    file = ModelFile(name=path.name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
    return ModelCard(
        id=id,
        title=id,
        task=task,
        architecture=architecture,
        format="onnx" if path.suffix == ".onnx" else "safetensors",
        source=f"bundled:{path.name}",
        files=(file,),
        licence="Apache-2.0",
        origin="a test",
    )


@pytest.fixture(scope="session")
def tiny_card(bundled: Path) -> ModelCard:
    return card(bundled / "tiny.safetensors", TINY, "style-transfer", "StyleNetwork")


@pytest.fixture(scope="session")
def presets_card(bundled: Path) -> ModelCard:
    task = "style-transfer-presets"
    return card(bundled / "presets.onnx", TINY_PRESETS, task, "Magenta multi-style")


@pytest.fixture
def store(
    bundled: Path,
    registry: PluginRegistry,
    tiny_card: ModelCard,
    presets_card: ModelCard,
    tmp_path: Path,
) -> ModelStore:
    """Every model that the plugin declares, and before them the tiny ones."""
    cards = [tiny_card, presets_card, *registry.cards()]
    return ModelStore(tmp_path / "models", bundled, cards)


@pytest.fixture
def runner(registry: PluginRegistry, store: ModelStore) -> Runner:
    return Runner(registry, store)


@pytest.fixture
def photo() -> Callable[..., Array]:
    """Seeded RGB whose left and right differ in color and contrast, h x w x 3 uint8."""

    def make(height: int = 48, width: int = 64, seed: int = 0) -> Array:
        random = np.random.default_rng(seed)
        y, x = np.mgrid[:height, :width]
        waves = [
            np.sin(x / random.uniform(3, 9) + y / random.uniform(3, 9) + random.uniform(0, 6))
            for _ in range(3)
        ]
        ramp = (x / width)[..., None]
        return np.clip(70 + 110 * ramp + 60 * ramp * np.stack(waves, axis=2), 0, 255).astype("u1")

    return make


@pytest.fixture
def style(tmp_path: Path) -> Callable[..., str]:
    """Writes a style picture of one of several kinds, and returns its path."""

    def make(seed: int = 0, size: tuple[int, int] = (90, 70)) -> str:
        random = np.random.default_rng(seed + 100)
        tint = random.uniform(0, 255, 3)
        noise = random.uniform(-90, 90, (size[1], size[0], 3)) * random.uniform(0.1, 1)
        path = tmp_path / f"style{seed}.png"
        Image.fromarray(np.clip(tint + noise, 0, 255).astype("u1")).save(path)
        return str(path)

    return make


@pytest.fixture
def run(runner: Runner) -> Callable[..., RunResult]:
    """Runs an operation on an array, in float32 unless told otherwise."""

    def start(
        operation: str,
        array: Array,
        *,
        mask: Array | None = None,
        precision: str = "float32",
        **parameters: Any,
    ) -> RunResult:
        if array.shape[2] == 3:
            opaque = np.full((*array.shape[:2], 1), 255, "u1")
            array = np.concatenate([array, opaque], axis=2)
        picture = Picture.from_pixels(np.ascontiguousarray(array))
        if mask is not None:
            picture = picture.replaced(selection=Raster.from_array(mask[..., None]))
        request = RunRequest(operation, parameters, picture, device="cpu", precision=precision)  # type: ignore[arg-type]  # a plain string in tests
        return runner.execute(request)

    return start


@pytest.fixture
def restyled(run: Callable[..., RunResult]) -> Callable[..., Array]:
    """The picture after `style-transfer.arbitrary`, h x w x 3 uint8."""

    def make(array: Array, *styles: Any, **parameters: Any) -> Array:
        result = run("style-transfer.arbitrary", array, style=list(styles), **parameters)
        return composite(result.after())[..., :3]

    return make
