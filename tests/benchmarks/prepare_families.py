"""Folders of classes from which the bundled families of generative models are trained.

    python tests/benchmarks/prepare_families.py EMOJI MNIST OUT

EMOJI holds a folder for each vendor and ``captions.jsonl``. OUT gets links to pictures in it: the
yellow faces, ``faces/VENDOR/CODE.webp``, since some hundred pictures that are much alike are learned
in an hour on one core; and Unicode's nine groups, ``groups/VENDOR/CODE.webp`` with captions for the
trainer, and ``kinds/GROUP/VENDOR/CODE.webp`` for a classifier. MNIST is an ``.npz`` with ``x_train``
and ``y_train``; OUT gets every fifth digit as ``digits/0`` to ``digits/9``, at 32 pixels.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

FACES, NO_FACES = "face-", "face-costume"  # how subgroups are called; skulls are costumes
NO_GROUPS = "component", "extras"  # tones of skin, and what is not Unicode's
LINES = "openmoji_black"  # line art of another set
EVERY = 5  # the file of digits is sorted by digit


def entries(folder: Path) -> list[dict[str, Any]]:
    """The lines of its captions."""
    lines = (folder / "captions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def pictures(folder: Path, entry: Mapping[str, Any]) -> list[Path]:
    """The pictures of a thing, by all vendors but the one of line art."""
    files = (folder / v / f"{entry['codepoint']}.webp" for v in entry["vendors"] if v != LINES)
    return [file for file in files if file.is_file()]


def link(source: Path, folder: Path) -> None:
    """Link to a picture from a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / source.name
    place.unlink(missing_ok=True)
    place.symlink_to(source.resolve())


def faces(folder: Path, out: Path) -> int:
    """Link the pictures of faces; how many there are."""
    count = 0
    for entry in entries(folder):
        if not entry["subgroup"].startswith(FACES) or entry["subgroup"] == NO_FACES:
            continue
        for file in pictures(folder, entry):
            link(file, out / file.parent.name)
            count += 1
    return count


def groups(folder: Path, out: Path, kinds: Path) -> int:
    """Link the pictures of Unicode's groups, by vendor and by group; how many there are."""
    count, lines = 0, []
    for entry in entries(folder):
        if entry["group"].startswith(NO_GROUPS):
            continue
        lines.append(json.dumps(entry, ensure_ascii=False))
        for file in pictures(folder, entry):
            vendor = file.parent.name
            link(file, out / vendor)
            link(file, kinds / entry["group"] / vendor)
            count += 1
    (out / "captions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
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
    """Make all of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("emoji", "mnist", "out"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args()
    alike = faces(given.emoji, given.out / "faces")
    grouped = groups(given.emoji, given.out / "groups", given.out / "kinds")
    written = digits(given.mnist, given.out / "digits")
    sys.stdout.write(f"{alike} faces, {grouped} in groups, {written} digits\n")


if __name__ == "__main__":
    main()
