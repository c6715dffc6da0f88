"""Folders of classes from which the bundled families of generative models are trained.

    python tests/benchmarks/prepare_families.py EMOJI MNIST OUT

EMOJI holds a folder for each vendor and ``captions.jsonl``; OUT gets the yellow faces among them as
links, ``faces/VENDOR/CODE.webp``: some hundred pictures that are much alike are learned in an hour
on one core, all kinds of things are not. MNIST is an ``.npz`` with ``x_train`` and ``y_train``; OUT
gets every fifth digit as ``digits/0`` to ``digits/9``, at 32 pixels.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

FACES, NO_FACES = "face-", "face-costume"  # how subgroups are called; skulls are costumes
LINES = "openmoji_black"  # line art of another set
EVERY = 5  # the file of digits is sorted by digit


def faces(folder: Path, out: Path) -> int:
    """Link the pictures of faces; how many there are."""
    count = 0
    for line in (folder / "captions.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if not entry["subgroup"].startswith(FACES) or entry["subgroup"] == NO_FACES:
            continue
        for vendor in entry["vendors"]:
            source = folder / vendor / f"{entry['codepoint']}.webp"
            if vendor == LINES or not source.is_file():
                continue
            link = out / vendor / source.name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(source.resolve())
            count += 1
    return count


def digits(file: Path, out: Path) -> int:
    """Write digits as pictures; how many there are."""
    with np.load(file) as arrays:
        pixels, labels = arrays["x_train"][::EVERY], arrays["y_train"][::EVERY]
    for number, (digit, label) in enumerate(zip(pixels, labels, strict=True)):
        path = out / str(label) / f"{number:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.pad(digit, 2)).save(path)
    return len(pixels)


def main() -> None:
    """Make both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("emoji", "mnist", "out"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args()
    pictures = faces(given.emoji, given.out / "faces")
    written = digits(given.mnist, given.out / "digits")
    sys.stdout.write(f"{pictures} faces, {written} digits\n")


if __name__ == "__main__":
    main()
