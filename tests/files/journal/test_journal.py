"""Journals that nothing happens to: what is stored, how much, and what is given back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from studio.document import BlendMode, Group, Guide, Layer, Picture, Raster, Rect, Text
from studio.files.journal import Codec, Finder, Journal
from studio.files.metadata import Metadata

CODEC = Codec([BlendMode, Group, Guide, Layer, Metadata, Picture, Rect, Text])
Pictures = Callable[[int, int], list[Picture]]


def recovered(folder: Path) -> object:
    found = Finder(folder, CODEC).recover()
    assert found is not None
    assert (found.lost, found.skipped) == (0, 0)
    return found.value


@pytest.mark.parametrize("seed", range(12))
def test_every_state_comes_back_as_it_was(seed: int, pictures: Pictures, tmp_path: Path):
    journal = Journal(tmp_path / "j", CODEC, segment_bytes=20_000, slack=10_000)
    for picture in pictures(seed, 15):
        journal.commit(picture)
        again = recovered(tmp_path / "j")
        assert again == picture
        assert [dataclasses.asdict(g) for g in again.guides] == [
            dataclasses.asdict(g) for g in picture.guides
        ]


def test_tiles_of_a_recovered_picture_cannot_be_written(pictures: Pictures, tmp_path: Path):
    Journal(tmp_path / "j", CODEC).commit(pictures(3, 2)[-1])
    for raster in recovered(tmp_path / "j").rasters:
        assert not any(tile.flags.writeable for tile in raster.tiles.values())


def test_plain_values_arrays_and_metadata_come_back(tmp_path: Path):
    rng = np.random.default_rng(1)
    value = {
        "metadata": Metadata(icc=b"icc" * 99, exif=b"II*\0", dpi=(72.0, 300.5), notes=("a", "b")),
        "mask": rng.random((700, 900)).astype(np.float32),
        "pixels": rng.integers(0, 65536, (1200, 800, 4), dtype=np.uint16),
        "strided": np.arange(400, dtype=np.uint8).reshape(10, 10, 4)[::2, ::-1],
        "empty": np.zeros((0, 5, 4), np.uint8),
        "rect": Rect(-1, 2, 3, 4),
        "path": Path("/somewhere/ä.png"),
        "plain": (True, None, 1.5, float("inf"), "text", 2**70, {"nested": (1,)}),
    }
    Journal(tmp_path / "j", CODEC).commit(value)
    again = recovered(tmp_path / "j")
    for name in ("mask", "pixels", "strided", "empty"):
        assert again[name].dtype == value[name].dtype
        assert np.array_equal(again.pop(name), value.pop(name))
    assert again == value


def test_what_is_not_known_is_refused_and_harms_nothing(tmp_path: Path):
    journal = Journal(tmp_path / "j", CODEC)
    journal.commit(Rect(1, 2, 3, 4))
    with pytest.raises(TypeError, match="object cannot be stored"):
        journal.commit({"a": np.ones((3, 3, 4), np.uint8), "b": object()})
    assert recovered(tmp_path / "j") == Rect(1, 2, 3, 4)
    journal.commit(Rect(5, 6, 7, 8))
    assert recovered(tmp_path / "j") == Rect(5, 6, 7, 8)


def test_a_class_that_this_version_does_not_know_is_not_made(tmp_path: Path):
    Journal(tmp_path / "j", CODEC).commit(Rect(1, 2, 3, 4))
    assert Finder(tmp_path / "j", Codec([Picture])).recover() is None


def noise(seed: int, width: int, height: int) -> Picture:
    rng = np.random.default_rng(seed)
    return Picture.from_pixels(rng.integers(0, 256, (height, width, 4), dtype=np.uint8))


def test_a_stroke_writes_its_tiles_and_little_else(tmp_path: Path):
    picture = noise(0, 1024, 1024)
    journal = Journal(tmp_path / "j", CODEC)
    whole = journal.commit(picture)
    assert whole > 16 * 256 * 256 * 4
    layer = picture.layers[0]
    raster = layer.raster.write(300, 300, np.full((20, 20, 4), 9, np.uint8))
    stroke = journal.commit(picture.with_layer(layer.replaced(raster=raster)))
    assert stroke < 1.02 * 256 * 256 * 4
    assert journal.commit(picture.replaced(guides=(Guide(vertical=True, position=2.0),))) < 2000


def test_equal_tiles_are_stored_once_whoever_made_them(tmp_path: Path):
    journal = Journal(tmp_path / "j", CODEC)
    whole = journal.commit(noise(0, 512, 512))
    assert journal.commit(noise(0, 512, 512)) < whole / 100


def test_what_is_out_of_date_is_given_back(tmp_path: Path):
    journal = Journal(tmp_path / "j", CODEC, segment_bytes=1 << 19, slack=1 << 19)
    for seed in range(12):
        picture = noise(seed, 256, 256)
        journal.commit(picture)
        on_disk = sum(path.stat().st_size for path in (tmp_path / "j").iterdir())
        assert on_disk == journal.total_bytes
        assert on_disk < 5 * 256 * 256 * 4
    assert recovered(tmp_path / "j") == picture


def test_names_of_tiles_that_are_gone_are_forgotten(tmp_path: Path):
    journal = Journal(tmp_path / "j", CODEC)
    for seed in range(3):
        journal.commit(noise(seed, 512, 256))
    assert journal.known_arrays <= 2


def test_after_a_save_there_is_nothing_to_recover_until_the_next_change(tmp_path: Path):
    journal = Journal(tmp_path / "j", CODEC)
    assert journal.clean() == 0
    picture = noise(0, 512, 512)
    whole = journal.commit(picture)
    journal.clean()
    assert Finder(tmp_path / "j", CODEC).recover() is None
    assert Finder(tmp_path / "j", CODEC).peek() is None
    changed = picture.replaced(width=100)
    assert journal.commit(changed) < whole / 100, "what was stored before the save is used again"
    assert recovered(tmp_path / "j") == changed
    journal.remove()
    assert not (tmp_path / "j").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_lost_tile_is_transparent_and_counted(tmp_path: Path):
    picture = noise(0, 512, 256)
    Journal(tmp_path / "j", CODEC).commit(picture)
    segment = next((tmp_path / "j").iterdir())
    content = bytearray(segment.read_bytes())
    content[1000] ^= 1
    segment.write_bytes(content)
    found = Finder(tmp_path / "j", CODEC).recover()
    assert found is not None
    assert (found.lost, found.lost_tiles) == (1, 1)
    raster = found.value.layers[0].raster
    assert set(raster.tiles) == {(1, 0)}
    assert np.array_equal(raster.tiles[1, 0], picture.layers[0].raster.tiles[1, 0])


def test_lost_rows_of_an_array_are_zero_and_counted(tmp_path: Path):
    array = np.random.default_rng(0).random((3000, 500)).astype(np.float32)
    Journal(tmp_path / "j", CODEC).commit(array)
    segment = next((tmp_path / "j").iterdir())
    content = bytearray(segment.read_bytes())
    content[1000] ^= 1
    segment.write_bytes(content)
    found = Finder(tmp_path / "j", CODEC).recover()
    assert found is not None
    assert (found.lost, found.lost_tiles) == (1, 0)
    assert not found.value[0].any()
    assert np.array_equal(found.value[-1], array[-1])


def test_an_older_state_that_is_whole_goes_before_a_newer_one_that_is_not(tmp_path: Path):
    journal = Journal(tmp_path / "j", CODEC)
    old = noise(0, 256, 256)
    kept = journal.commit(old)
    journal.commit(noise(1, 256, 256))
    segment = next((tmp_path / "j").iterdir())
    content = bytearray(segment.read_bytes())
    content[kept + 1000] ^= 1
    segment.write_bytes(content)
    found = Finder(tmp_path / "j", CODEC).recover()
    assert found is not None
    assert (found.lost, found.skipped) == (0, 1)
    assert found.value == old


def test_a_sealed_group_and_an_empty_one_come_back(tmp_path: Path):
    layer = Layer("L", Raster(np.uint16))
    picture = Picture(5, 5, (layer, Group("empty")), layer.id)
    Journal(tmp_path / "j", CODEC).commit(picture)
    assert recovered(tmp_path / "j") == picture
