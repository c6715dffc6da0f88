from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.api import Cancelled, Folder, Parameters, Trainer, UserError
from studio.host.training.checks import assign, check_data

SINGLE = (Folder("Photographs", "What to learn from", minimum=3, smallest=16),)
PAIRS = (Folder("Pairs", "Before and after", kind="pairs", minimum=3, smallest=16),)


def trainer(*folders: Folder):
    return Trainer("t", "Test", "Tests.", Parameters, "m:f", folders, "task", "t.run")


def save(path: Path, width=20, height=20):
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    Image.fromarray(random.integers(0, 255, (height, width, 3), np.uint8)).save(path)


def fill(folder: Path, count=4, **size):
    for number in range(count):
        save(folder / f"{number}.png", **size)
    return folder


def test_good_pictures_are_counted_wherever_they_lie_below_the_folder(tmp_path):
    fill(tmp_path / "a" / "deep")
    save(tmp_path / "a" / "small.jpg", width=40, height=15)
    (tmp_path / "a" / "notes.txt").write_text("no picture")
    heard = []
    (found,) = check_data(trainer(*SINGLE), [tmp_path / "a"], lambda *n: heard.append(n))
    assert (found.count, found.left_out) == (4, 1)
    assert heard[-1] == (5, 5)


def test_too_few_pictures_are_told_with_both_numbers(tmp_path):
    fill(tmp_path, 2)
    save(tmp_path / "small.png", width=5)
    with pytest.raises(UserError, match=r"Photographs: 2 pictures found .* at least 3") as caught:
        check_data(trainer(*SINGLE), [tmp_path])
    assert "1 more cannot be used" in caught.value.message
    assert "large enough" in caught.value.hint


def test_files_that_cannot_be_read_are_named_up_to_eight(tmp_path):
    fill(tmp_path, 4, width=200, height=200)
    whole = (tmp_path / "0.png").read_bytes()
    for number in range(10):
        (tmp_path / f"broken{number}.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="10 files in .* cannot be read: broken0.png") as caught:
        check_data(trainer(*SINGLE), [tmp_path])
    assert "broken7.png and 2 more" in caught.value.message
    assert "broken8" not in caught.value.message


def test_a_truncated_jpeg_is_noticed(tmp_path):
    fill(tmp_path)
    save(tmp_path / "cut.jpg", width=300, height=300)
    data = (tmp_path / "cut.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(data[: len(data) * 3 // 4])
    with pytest.raises(UserError, match="1 file .* cannot be read: cut.jpg"):
        check_data(trainer(*SINGLE), [tmp_path])


def test_pictures_without_partner_are_named(tmp_path):
    before, after = fill(tmp_path / "before"), fill(tmp_path / "after")
    save(before / "lonely.png")
    (after / "2.png").unlink()
    with pytest.raises(UserError, match="2 pictures have no partner: 2.png, lonely.png"):
        check_data(trainer(*PAIRS), [before, after])


def test_pairs_in_two_folders_may_have_other_suffixes_but_not_another_size(tmp_path):
    before, after = fill(tmp_path / "before"), fill(tmp_path / "after", 3)
    save(after / "3.jpg")
    (found,) = check_data(trainer(*PAIRS), [before, after])
    assert found.count == 4
    save(after / "3.jpg", width=21)
    with pytest.raises(UserError, match="1 pair has pictures of different size: 3.png") as caught:
        check_data(trainer(*PAIRS), [before, after])
    assert "20 × 20 and 21 × 20" in caught.value.message


def test_a_turned_photograph_fits_an_upright_partner(tmp_path):
    before, after = fill(tmp_path / "before", 3), fill(tmp_path / "after", 3)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20)).save(before / "turned.jpg", exif=exif)
    save(after / "turned.png", width=20, height=40)
    (found,) = check_data(trainer(*PAIRS), [before, after])
    assert found.count == 4


def test_of_pairs_side_by_side_each_half_must_be_large_enough(tmp_path):
    fill(tmp_path, 3, width=32, height=16)
    save(tmp_path / "narrow.png", width=30, height=16)
    (found,) = check_data(trainer(*PAIRS), [tmp_path])
    assert (found.count, found.left_out) == (3, 1)


def test_folders_are_assigned_in_order_and_pairs_may_take_two(tmp_path):
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    a, b, c = folders
    assert assign(trainer(*SINGLE, *SINGLE), [a, b]) == ((a,), (b,))
    assert assign(trainer(*PAIRS, *SINGLE), [a, b, c]) == ((a, b), (c,))
    assert assign(trainer(*SINGLE, *PAIRS), [a, b, c]) == ((a,), (b, c))
    with pytest.raises(UserError, match="needs 1 folder; 2 given") as caught:
        assign(trainer(*SINGLE), [a, b])
    assert "Photographs (What to learn from)" in caught.value.hint
    with pytest.raises(UserError, match="1 folder, or 2 with pairs in two folders; 0 given"):
        assign(trainer(*PAIRS), [])


def test_a_folder_that_is_none_or_comes_twice_is_refused(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        assign(trainer(*SINGLE), [tmp_path / "nowhere"])
    save(tmp_path / "file.png")
    with pytest.raises(UserError, match="is a file"):
        assign(trainer(*SINGLE), [tmp_path / "file.png"])
    with pytest.raises(UserError, match="given twice"):
        assign(trainer(*SINGLE, *SINGLE), [tmp_path, tmp_path / "."])


def test_looking_can_be_cancelled(tmp_path):
    fill(tmp_path, 4)
    with pytest.raises(Cancelled):
        check_data(trainer(*SINGLE), [tmp_path], cancelled=lambda: True)
