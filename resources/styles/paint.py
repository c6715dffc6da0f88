"""Paints the gallery of styles: ``python -m studio_resources.styles.paint [FOLDER]``.

Every picture is a motif of `land` or `water` in one medium, seeded by its name, so that the same
files come out again. They are Impasto's own, under its license.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from studio_resources.styles import inks, land, oils, pieces, prints, water
from studio_resources.styles.scenes import Field, Scene

SIZE = 512
"""Side of a finished picture in pixels."""
_QUALITY = 82
_LIGHTER = {"pen-stippling": 60, "ink-hatching": 70}  # all edges: few of the bits are seen

STYLES: dict[str, tuple[Callable[[], Scene], Callable[[Scene, np.random.Generator], Field]]] = {
    "charcoal": (land.mountains, inks.charcoal),
    "cubist-facets": (water.still_life, pieces.facets),
    "cut-paper": (land.mountains, pieces.paper_cut),
    "halftone-print": (water.fish, prints.halftone),
    "impasto-oil": (land.hills, oils.impasto),
    "ink-hatching": (land.mountains, inks.hatching),
    "mosaic": (water.fish, pieces.mosaic),
    "neon-tubes": (water.sea, prints.neon),
    "night-swirls": (land.night, oils.swirls),
    "pastel-chalk": (water.still_life, oils.pastel),
    "pen-stippling": (water.still_life, inks.stippling),
    "pointillism": (water.sea, oils.points),
    "stained-glass": (land.hills, pieces.stained_glass),
    "watercolor": (water.sea, inks.watercolor),
    "wave-woodblock": (water.wave, prints.block_print),
    "woodcut": (land.hills, prints.woodcut),
}


def paint(name: str) -> Image.Image:
    """One picture of the gallery, `SIZE` x `SIZE`.

    Args:
        name: a key of `STYLES`.
    """
    motif, medium = STYLES[name]
    painted = medium(motif(), np.random.default_rng(zlib.crc32(name.encode())))
    small = cv2.resize(np.clip(painted, 0, 1), (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return Image.fromarray(np.asarray(small * 255).round().astype(np.uint8))


def main(folder: Path) -> None:
    """Paint all pictures into a folder."""
    for name in STYLES:
        quality = _LIGHTER.get(name, _QUALITY)
        paint(name).save(folder / f"{name}.webp", quality=quality, method=6)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
