"""The recipe of the guide, done as written: one operation finds what another fills."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from studio.document import Picture, composite
from studio.host.recipes import from_toml
from studio.host.recipes.checking import check_recipe
from studio.host.recipes.replay import Manner, replay
from studio.host.services import build_services

GUIDE = Path(__file__).resolve().parents[2] / "plugins" / "README.md"


def test_the_recipe_of_the_guide(tmp_path):
    blocks = re.findall(r"^```toml\n(.*?)^```$", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    (text,) = (block for block in blocks if block.startswith("recipe = "))
    recipe = from_toml(text)
    services = build_services(tmp_path / "config", tmp_path / "plugins", tmp_path / "models")
    check_recipe(recipe, services.registry, services.store)
    recipe = recipe.model_copy(
        update={"steps": recipe.steps[:1]}
    )  # 2048 pixels are not needed here
    pixels = np.full((64, 64, 4), 90, np.uint8)
    pixels[..., :3] += np.random.default_rng(0).integers(0, 6, (64, 64, 3), np.uint8)
    pixels[..., 3] = 255
    pixels[30:33, 20:23, :3] = 255
    manner = Manner(device="cpu", precision="float32")
    picture = Picture.from_pixels(pixels)
    done = replay(recipe, picture, services.runner.execute, services.store, manner)
    after = composite(done.picture)
    assert after[30:33, 20:23, :3].max() < 120
    np.testing.assert_array_equal(after[:16], pixels[:16])
