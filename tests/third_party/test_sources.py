"""Two plugins by others, as they are written, do what they say. In e2e they are installed."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from studio.document import Picture, composite
from studio.host.conformance import resolve
from studio.host.models import ModelStatus, ModelStore
from studio.host.plugins import PluginRegistry, load
from studio.host.requests import RunRequest
from studio.host.runs import Runner

HERE = Path(__file__).parent
PROJECTS = ("impasto-deblock", "impasto-stained-glass")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> PluginRegistry:
    """Both, imported from their folders."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    found = load([resolve(str(HERE / project)).candidate() for project in PROJECTS])
    assert found.failures == ()
    return found


@pytest.fixture
def store(registry: PluginRegistry, tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models", tmp_path / "bundled", registry.cards())


def run(registry: PluginRegistry, store: ModelStore, operation: str, pixels: np.ndarray, **values):
    opaque = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    request = RunRequest(operation, values, Picture.from_pixels(opaque))
    result = Runner(registry, store).execute(request)
    return composite(result.after())[..., :3]


def test_a_plugin_brings_the_weights_of_its_default(registry: PluginRegistry, store: ModelStore):
    card = store.default("deblocking")
    assert (card.id, store.status(card.id)) == ("deblock", ModelStatus.BUNDLED)
    (path,) = store.ensure(card.id)
    assert path.parent.name == "impasto_deblock"
    assert path.stat().st_size < 300_000
    for quality in (10, 20, 40):
        name = f"held-out pictures at quality {quality}: PSNR"
        assert card.metrics[f"{name}, dB"] > card.metrics[f"{name} of the JPEG, dB"]


def test_jpeg_artifacts_are_taken_out(registry: PluginRegistry, store: ModelStore):
    photo = np.ascontiguousarray(data.camera()[100:260, 150:310, None].repeat(3, 2))
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=15)
    given = np.asarray(Image.open(file))
    restored = run(registry, store, "deblock.apply", given)

    def error(pixels: np.ndarray) -> float:
        return float(np.square(pixels.astype(float) - photo).mean())

    assert error(restored) < 0.9 * error(given)
    half = run(registry, store, "deblock.apply", given, strength=50.0)
    assert error(restored) < error(half) < error(given)


def test_a_picture_is_cut_into_pieces(registry: PluginRegistry, store: ModelStore):
    photo = np.ascontiguousarray(data.astronaut()[:128, 160:288])
    glass = run(registry, store, "stained-glass.apply", photo, piece=16, lead=0.0)
    assert len(np.unique(glass.reshape(-1, 3), axis=0)) < 100
    assert np.allclose(glass.mean((0, 1)), photo.mean((0, 1)), atol=1)
    leaded = run(registry, store, "stained-glass.apply", photo, piece=16, lead=4.0)
    assert (leaded < 40).all(-1).mean() > (photo < 40).all(-1).mean() + 0.1
