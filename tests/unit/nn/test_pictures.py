from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.nn.pictures import (
    center_crop,
    list_pairs,
    list_pictures,
    originals_of,
    random_crop,
    read_pair,
    read_picture,
    resized,
    split,
    to_tensor,
)


def save(path, size=(8, 6), color=(10, 20, 30), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(path)
    return path


def test_pictures_are_found_below_a_folder_but_not_hidden_ones(tmp_path):
    wanted = [save(tmp_path / "a.png"), save(tmp_path / "deep" / "b.JPG")]
    save(tmp_path / ".thumbs" / "c.png")
    (tmp_path / "notes.txt").write_text("no picture")
    assert list_pictures(tmp_path) == sorted(wanted)


def test_pairs_match_by_name_whatever_the_suffix(tmp_path):
    for name in ("one.png", "two.png", "alone.png"):
        save(tmp_path / "in" / name)
    for name in ("one.jpg", "two.webp", "other.png"):
        save(tmp_path / "out" / name)
    pairs, alone = list_pairs([tmp_path / "in", tmp_path / "out"])
    assert [(a.name, b.name) for a, b in pairs] == [("one.png", "one.jpg"), ("two.png", "two.webp")]
    assert sorted(p.name for p in alone) == ["alone.png", "other.png"]


def test_a_side_by_side_picture_is_a_pair(tmp_path):
    both = np.zeros((4, 10, 3), np.uint8)
    both[:, 5:] = 200
    Image.fromarray(both).save(tmp_path / "x.png")
    pairs, alone = list_pairs([tmp_path])
    first, second = read_pair(pairs[0])
    assert not alone
    assert first.shape == second.shape == (4, 5, 3)
    assert first.max() == 0
    assert second.min() == 200


def test_partners_of_different_size_are_refused(tmp_path):
    pair = (save(tmp_path / "a.png"), save(tmp_path / "b.png", (9, 6)))
    with pytest.raises(ValueError, match="8 × 6 and 9 × 6"):
        read_pair(pair)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_lies_on_the_background(tmp_path, mode):
    clear = save(tmp_path / "a.png", color=0, mode=mode)
    assert read_picture(clear).min() == 255
    assert (read_picture(clear, (0, 128, 0)) == (0, 128, 0)).all()


def test_tiles_of_one_picture_stay_on_one_side(tmp_path):
    files = [tmp_path / "set" / f"{n}-{t}.png" for n in range(40) for t in range(4)]
    index = [
        {"file": f"x/{f.name}", "name": f"{f.name.split('-')[0]}#t", "source": "s"} for f in files
    ]
    (tmp_path / "index.jsonl").write_text("\n".join(json.dumps(entry) for entry in index))
    (tmp_path / "set").mkdir()
    held = split(files, 0.25, originals_of([tmp_path / "set"]))
    sides = [{held[n * 4 + t] for t in range(4)} for n in range(40)]
    assert all(len(side) == 1 for side in sides)
    assert 4 <= sum(True in side for side in sides) <= 20


@pytest.mark.parametrize(
    "index", ["no json", '{"image": "a.png"}', '["a.png"]', '{"file": 3}', "\udcff\udcfe"]
)
def test_an_index_of_another_program_says_nothing(tmp_path, index):
    (tmp_path / "index.jsonl").write_bytes(index.encode("utf-8", "surrogateescape"))
    assert originals_of([tmp_path]) == {}


def test_one_picture_is_always_held_out():
    assert sum(split([Path("a.png"), Path("b.png")], 0.0, {})) == 1


def test_crops_and_sizes(tmp_path):
    picture = np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)
    random = np.random.default_rng(0)
    assert random_crop(picture, 20, random).shape == (20, 20, 3)
    assert center_crop(picture, 10).shape == (10, 10, 3)
    assert resized(picture, 10).shape == (10, 15, 3)
    assert resized(picture, 20) is picture
    tensor = to_tensor(center_crop(picture, 4)[:, ::-1])
    assert tuple(tensor.shape) == (1, 3, 4, 4)
    assert float(tensor.max()) <= 1


def test_a_broken_file_is_an_error(tmp_path):
    path = save(tmp_path / "a.png", (64, 64))
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(OSError, match=r"."):
        read_picture(path)
