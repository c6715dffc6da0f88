"""The page is done as written; only the model that takes minutes is a small operation."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from PIL import Image

import studio.automation

PAGE = Path(studio.automation.__file__).with_name("README.md").read_text(encoding="utf-8")


def test_the_page_is_done_as_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8)
    Image.fromarray(noise).save("photo.jpg")
    Image.fromarray(noise[::-1]).save("other.jpg")
    Image.fromarray(noise[..., 0]).save("sky.png")
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) > 5
    script = "\n".join(blocks).replace(
        '"super-resolution.upscale", scale=4', '"testkit.enlarge", scale=4'
    )
    names: dict[str, object] = {}
    exec(compile(script, "README.md", "exec"), names)  # noqa: S102 - the page is the test
    assert Path("large.png").is_file()
    assert "My look" in Path("my-look.toml").read_text(encoding="utf-8")
    assert Path("other.png").is_file()
