"""Journals of processes: what is kept, when it goes, and what a crash leaves for the next start."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from studio.api.errors import UserError
from studio.api.margins import Margins
from studio.document import Picture, Rect, composite
from studio.files.metadata import Metadata
from studio.host import recovery
from studio.host.recovery import Kept
from studio.host.recovery_keeper import LOCK, Keeper, Written
from studio.host.recovery_lost import Lost
from studio.host.requests import RunRequest
from studio.host.results import ResultImage, RunResult

SECONDS = 20.0


def picture(seed: int = 0) -> Picture:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 65536, (90, 300, 4), dtype=np.uint16)
    return Picture.from_pixels(pixels, icc=b"a profile")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "recovery"


@pytest.fixture
def keeper(root: Path) -> Iterator[Keeper]:
    made = Keeper(root)
    yield made
    made.close()


def crash(keeper: Keeper) -> None:
    """Leave everything as a process does that is killed: the lock is free, the files stay."""
    assert keeper.flush(SECONDS)
    assert keeper.folder is not None
    left = keeper.folder.with_name("dead")
    shutil.copytree(keeper.folder, left)


def test_a_document_comes_back_with_all_that_was_known_of_it(keeper: Keeper, root: Path):
    metadata = Metadata(exif=b"II*\0", xmp=b"<x/>", dpi=(300.0, 300.0), notes=("converted",))
    kept = Kept(picture(), "Untitled", Path("/photos/ä.tif"), "TIFF", metadata)
    keeper.keep("a", kept)
    crash(keeper)
    lost = Lost(root)
    (document,) = lost.find()
    assert (document.name, document.size) == ("ä.tif", (300, 90))
    assert (document.time, document.modified) == (kept.time, True)
    recovered = document.recover()
    assert recovered.kept == kept
    assert recovered.notes == ()
    document.discard()
    assert not (root / "dead").exists()
    lost.release()


def result(origin: Picture) -> RunResult:
    rng = np.random.default_rng(5)
    pixels = rng.integers(0, 65536, (40, 50, 4), dtype=np.uint16)
    mask = rng.random((40, 50)).astype(np.float32)
    image = ResultImage(pixels, 7, 9, origin.active, "Filled", mask)
    request = RunRequest(
        "some.fill", {"strength": 0.5, "names": ["a"]}, origin, region=Rect(1, 2, 30, 20), seed=4
    )
    record = {"models": {"net": "sha"}, "parameters": {"strength": 0.5}}
    return RunResult(
        request, "Fill", "layer", "layers", ((image,), (image,)), (300, 90), ("note",), record, 1.5
    )


def test_a_result_that_was_not_applied_comes_back_ready_to_apply(keeper: Keeper, root: Path):
    origin = picture()
    made = result(origin)
    keeper.keep("a", Kept(origin, "Untitled", results=(made,), modified=False))
    crash(keeper)
    lost = Lost(root)
    (document,) = lost.find()
    assert document.results == ("Fill",)
    (again,) = document.recover().kept.results
    assert again.request.picture == origin
    assert (again.request.region, again.request.seed) == (Rect(1, 2, 30, 20), 4)
    assert (again.record, again.notes, again.size) == (made.record, made.notes, made.size)
    assert again.after(1) == made.after(1)
    lost.release()


def test_a_result_around_the_picture_comes_back_with_its_margins(keeper: Keeper, root: Path):
    origin = Picture.from_pixels(np.full((4, 6, 4), 9, np.uint8))
    pixels = np.random.default_rng(5).integers(1, 255, (6, 9, 4), dtype=np.uint8)
    image = ResultImage(pixels, 0, 0, None, "Around")
    margins = Margins(3, 0, 0, 2)
    request = RunRequest("some.extend", {}, origin)
    made = RunResult(
        request, "Grow", "visible", "margins", ((image,),), (9, 6), (), {}, 0.1, margins
    )
    keeper.keep("a", Kept(origin, "Untitled", results=(made,), modified=False))
    crash(keeper)
    lost = Lost(root)
    (document,) = lost.find()
    (again,) = document.recover().kept.results
    assert again.margins == margins
    assert isinstance(again.margins, Margins)
    assert composite(again.after()).tolist() == composite(made.after()).tolist()
    lost.release()


def test_what_was_saved_or_closed_on_purpose_is_not_offered(keeper: Keeper, root: Path):
    for key in ("saved", "closed", "open"):
        keeper.keep(key, Kept(picture(), key))
    keeper.flush(SECONDS)
    keeper.clean("saved")
    keeper.drop("closed")
    crash(keeper)
    lost = Lost(root)
    assert [document.name for document in lost.find()] == ["open"]
    lost.release()


def test_a_running_instance_is_not_taken_for_a_dead_one(keeper: Keeper, root: Path):
    keeper.keep("a", Kept(picture()))
    keeper.flush(SECONDS)
    lost = Lost(root)
    assert lost.find() == ()
    keeper.close()
    assert list(root.iterdir()) == []


def test_two_starts_at_once_do_not_offer_the_same_document(keeper: Keeper, root: Path):
    keeper.keep("a", Kept(picture()))
    crash(keeper)
    first, second = Lost(root), Lost(root)
    assert len(first.find()) == 1
    assert second.find() == ()
    first.release()
    assert len(second.find()) == 1, "Later leaves it for the next start"
    second.release()


def test_an_instance_that_starts_does_not_lose_its_folder_to_one_that_looks(root: Path):
    young = root / "1-young"
    young.mkdir(parents=True)
    lost = Lost(root)
    lost.find()
    assert young.exists()
    lost.release()
    old = root / "1-old"
    old.mkdir()
    os.utime(old, (1, 1))
    lost.find()
    assert not old.exists()
    lost.release()


def test_the_newest_document_is_offered_first(keeper: Keeper, root: Path):
    for name, time in (("old", 10.0), ("new", 30.0), ("middle", 20.0)):
        keeper.keep(name, Kept(picture(), name, time=time))
    crash(keeper)
    lost = Lost(root)
    assert [document.name for document in lost.find()] == ["new", "middle", "old"]
    lost.release()


def test_a_newer_state_replaces_one_that_waits(root: Path):
    seen: list[Written] = []
    hold = threading.Event()

    def written(state: Written) -> None:
        seen.append(state)
        hold.wait(SECONDS)

    keeper = Keeper(root, written=written)
    states = [Kept(picture(seed), str(seed)) for seed in range(5)]
    for state in states:
        keeper.keep("a", state)
    hold.set()
    assert keeper.flush(SECONDS)
    keeper.close()
    assert seen[-1].kept is states[-1]
    assert len(seen) <= 2


def test_a_folder_that_cannot_be_written_is_told_and_nothing_else_breaks(tmp_path: Path):
    (tmp_path / "recovery").write_text("a file where the folder should be")
    told: list[UserError] = []
    keeper = Keeper(tmp_path / "recovery", failed=lambda _key, error: told.append(error))
    keeper.keep("a", Kept(picture()))
    assert keeper.flush(SECONDS)
    assert "cannot be kept for recovery" in told[0].message
    assert "Editing and saving go on" in told[0].hint
    (tmp_path / "recovery").unlink()
    keeper.keep("a", Kept(picture()))
    assert keeper.flush(SECONDS)
    assert len(told) == 1
    keeper.close()


def test_a_journal_that_nothing_can_be_read_of_says_so(keeper: Keeper, root: Path):
    keeper.keep("a", Kept(picture(), "Sketch"))
    crash(keeper)
    lost = Lost(root)
    (document,) = lost.find()
    for segment in document.folder.glob("*.journal"):
        segment.write_bytes(b"")
    with pytest.raises(UserError, match="Nothing of Sketch can be recovered"):
        document.recover()
    lost.release()


def test_damage_is_described(keeper: Keeper, root: Path):
    keeper.keep("a", Kept(picture(), "Sketch"))
    crash(keeper)
    lost = Lost(root)
    (document,) = lost.find()
    segment = next(document.folder.glob("*.journal"))
    content = bytearray(segment.read_bytes())
    content[2000] ^= 1
    segment.write_bytes(content)
    (note,) = document.recover().notes
    assert "256 × 256 pixels that were damaged and are transparent now: 1." in note
    lost.release()


def test_folders_and_times_follow_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("IMPASTO_DATA", str(tmp_path))
    assert recovery.recovery_folder() == tmp_path / "recovery"
    assert recovery.autosave_seconds(10.0) == 10.0
    monkeypatch.setenv(recovery.SECONDS_VARIABLE, "0.3")
    assert recovery.autosave_seconds(10.0) == 0.3
    monkeypatch.setenv(recovery.SECONDS_VARIABLE, "soon")
    assert recovery.autosave_seconds(10.0) == 10.0


def test_the_lock_is_an_ordinary_one(keeper: Keeper, root: Path):
    keeper.keep("a", Kept(picture()))
    keeper.flush(SECONDS)
    assert keeper.folder is not None
    with pytest.raises(TimeoutError):
        FileLock(keeper.folder / LOCK).acquire(timeout=0)
