"""Photographs to train on and photographs to measure on, that share no original.

    python tests/benchmarks/separate_photographs.py FOLDER OUT [--without SOURCE ...] [--share 0.04]

FOLDER has an ``index.jsonl`` that tells what each file was cut from (see `studio.nn.pictures`).
OUT gets links in ``train`` and ``test``, and an index in each of them. Which originals are for
measuring is decided by a hash of their names, so the parts are the same everywhere and every day. The
index of ``train`` has other names for the originals: a trainer that holds out a share by the same hash
would find none left.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from studio.nn.pictures import list_pictures, originals_of, split


def separate(folder: Path, out: Path, share: float, without: frozenset[str]) -> tuple[int, int]:
    """Make the folders; how many pictures are to train on, and how many to measure on."""
    originals = originals_of([folder])
    files = [
        file
        for file in list_pictures(folder)
        if originals.get(file.name, "").split("/")[0] not in without
    ]
    counts = {"train": 0, "test": 0}
    entries: dict[str, list[str]] = {"train": [], "test": []}
    for part in counts:
        (out / part).mkdir(parents=True, exist_ok=True)
    for file, held in zip(files, split(files, share, originals), strict=True):
        part = "test" if held else "train"
        link = out / part / file.name
        link.unlink(missing_ok=True)
        link.symlink_to(file.resolve())
        counts[part] += 1
        name = f"{part}/{originals.get(file.name, file.name)}"
        entries[part].append(json.dumps({"file": file.name, "name": name}))
    for part, lines in entries.items():
        (out / part / "index.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return counts["train"], counts["test"]


def main() -> None:
    """Separate, and tell how many there are."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--share", type=float, default=0.04, help="of the originals, to measure on")
    parser.add_argument("--without", nargs="*", default=(), help="sources that are left out")
    given = parser.parse_args()
    train, test = separate(given.folder, given.out, given.share, frozenset(given.without))
    sys.stdout.write(f"{train} pictures to train on, {test} to measure on\n")


if __name__ == "__main__":
    main()
