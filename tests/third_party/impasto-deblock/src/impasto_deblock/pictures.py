"""The pictures that the bundled network learned from: ``python -m impasto_deblock.pictures FOLDER``.

They come with scikit-image, so that anyone can train the same network again.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import skimage
from PIL import Image

NAMES = (
    *("astronaut.png", "brick.png", "camera.png", "chelsea.png", "coffee.png", "coins.png"),
    *("grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png"),
    *("motorcycle_left.png", "retina.jpg", "rocket.jpg"),
)


def write(folder: Path) -> list[Path]:
    """Write them as RGB, reduced by half so that what compression they have had is gone."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in NAMES:
        with Image.open(Path(skimage.__file__).parent / "data" / name) as picture:
            whole = picture.convert("RGB")
        if name.endswith(".jpg"):
            whole = whole.reduce(2)
        written.append(folder / f"{Path(name).stem}.png")
        Image.fromarray(np.asarray(whole)).save(written[-1])
    return written


if __name__ == "__main__":
    write(Path(sys.argv[1]))
