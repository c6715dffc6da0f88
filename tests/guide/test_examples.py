"""The guide's examples: it shows these files as they are, and they do what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.document import Picture, Raster, composite
from studio.host.conformance import resolve
from studio.host.conformance.running import check_operations
from studio.host.plugins import load
from studio.host.requests import RunRequest
from studio.host.services import build_services

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GUIDE = (ROOT / "plugins" / "README.md").read_text(encoding="utf-8")
# A link to a file under tests with a block right behind it: the file.
SHOWN = re.compile(
    r"\]\(\.\./(tests/[\w./-]+\.(?:py|toml))\)[^`]*?\n\n```(?:python|toml)\n(.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
EXAMPLES = ("invert.py", "glow.py", "touch_up")


def test_the_guide_shows_the_files_as_they_are():
    shown = SHOWN.findall(GUIDE)
    names = [Path(path).as_posix() for path, _ in shown]
    own = [f"tests/guide/{p.relative_to(HERE).as_posix()}" for p in HERE.rglob("*.py")]
    assert {name for name in own if "test_" not in name} <= set(names)
    assert sum("impasto-deblock" in name for name in names) >= 7
    for path, text in shown:
        assert (ROOT / path).read_text(encoding="utf-8") == text, f"{path} has changed"


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_keep_every_promise(name: str):
    target = resolve(str(HERE / name))
    registry = load([target.candidate()])
    assert registry.failures == ()
    findings = list(check_operations(registry, target.name))
    assert [str(each) for each in findings if each.status == "failed"] == []
    assert {each.rule for each in findings if each.status == "skipped"} == {"huge"}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run an operation of the examples on pixels, H x W x 3, uint8; returns the same."""
    for name in EXAMPLES:
        (tmp_path / name).symlink_to(HERE / name)
    monkeypatch.setenv("IMPASTO_PLUGINS", str(tmp_path))
    runner = build_services().runner

    def call(operation: str, pixels: np.ndarray, mask: np.ndarray | None = None, **values: Any):
        opaque = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
        picture = Picture.from_pixels(opaque)
        if mask is not None:
            picture = picture.with_selection(Raster.from_array(mask[..., None]))
        result = runner.execute(RunRequest(operation, values, picture))
        return composite(result.after())[..., :3]

    return call


def test_light_spills_over_its_edges(run):
    pixels = np.full((60, 80, 3), 40, np.uint8)
    pixels[20:40, 30:50] = 250
    glowing = run("glow.apply", pixels, radius=6.0, amount=100.0)
    assert glowing[30, 26].min() > glowing[30, 10].min() + 20
    bright = run("glow.apply", pixels, radius=6.0, amount=100.0, light="bright")
    assert np.array_equal(bright[0, 0], pixels[0, 0])
    assert np.array_equal(run("glow.apply", pixels, amount=0.0), pixels)


def test_specks_go_and_edges_stay(run):
    pixels = np.full((300, 280, 3), 90, np.uint8)  # more than one tile
    pixels[:, 140:] = 200
    wrong = pixels.copy()
    wrong[17:290:23, 11:270:19] = 255
    assert (wrong != pixels).any()
    assert np.array_equal(run("touch-up.despeckle", wrong), pixels)


def test_what_is_selected_takes_on_what_lies_around(run):
    random = np.random.default_rng(0)
    pixels = random.normal(150, 10, (90, 90, 3)).clip(0, 255).astype(np.uint8)
    mask = np.zeros((90, 90), np.uint8)
    mask[30:60, 30:60] = 255
    pixels[mask > 0] = (pixels[mask > 0] * (0.4, 0.5, 0.7)).astype(np.uint8)
    blended = run("touch-up.blend-in", pixels, mask, ring=20)
    inside, outside = blended[mask > 0], blended[mask == 0]
    assert np.array_equal(outside, pixels[mask == 0])
    assert np.allclose(inside.mean(0), outside.mean(0), atol=3)
    assert np.allclose(inside.std(0), outside.std(0), atol=3)
