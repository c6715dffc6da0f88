"""A picture by a bundled network, made again in another process from its file alone."""

from __future__ import annotations

import json

from studio.files.documents import recipe_of
from studio.files.images import read_image


def test_a_digit_is_generated_again_bit_by_bit(impasto, tmp_path):
    flags = ("--mode", "sample", "--count", 3, "--seed", 11, "--device", "cpu")
    assert impasto("run", "sampling.latent", *flags, "-o", "digits/").returncode == 0
    (tmp_path / "digits" / "002.png").rename(tmp_path / "kept.png")
    done = impasto("run", "--again", "kept.png", "-o", "again.png", "--device", "cpu", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["identical"] is True
    kept, again = (read_image(tmp_path / name) for name in ("kept.png", "again.png"))
    assert kept.pixels.tobytes() == again.pixels.tobytes()
    (record,) = recipe_of(tmp_path / "kept.png")
    assert record["provenance"] == "generated"
    assert record["models"]
    assert str(tmp_path).encode() not in (tmp_path / "kept.png").read_bytes()
