"""Whenever the power goes: the last state that was acknowledged comes back, or a newer one."""

from __future__ import annotations

import errno
import os
import random
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.document import BlendMode, Group, Guide, Layer, Picture, Rect, Text
from studio.files.journal import Codec, Finder, Journal
from studio.files.journal.disk import Disk

CODEC = Codec([BlendMode, Group, Guide, Layer, Picture, Rect, Text])
Pictures = Callable[[int, int], list[Picture]]
RELAXED = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass
class Log(Disk):
    """A disk that writes down what it is told, so that a crash can be played at any point of it.

    Fails with "no space left" when ``room`` bytes are used up.
    """

    operations: list[tuple[str, str, bytes]] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    room: int | None = None

    def create(self, path: Path) -> int:
        descriptor = super().create(path)
        self.names[descriptor] = path.name
        self.operations.append(("create", path.name, b""))
        return descriptor

    def append(self, descriptor: int, data: bytes) -> None:
        if self.room is not None and len(data) > self.room:
            super().append(descriptor, data[: self.room])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self.room is not None:
            self.room -= len(data)
        super().append(descriptor, data)
        self.operations.append(("append", self.names[descriptor], bytes(data)))

    def shorten(self, descriptor: int, size: int) -> None:
        super().shorten(descriptor, size)
        self.operations.append(("shorten", self.names[descriptor], size.to_bytes(8, "big")))

    def sync(self, descriptor: int) -> None:
        super().sync(descriptor)
        self.operations.append(("sync", self.names[descriptor], b""))

    def unlink(self, path: Path) -> None:
        super().unlink(path)
        self.operations.append(("unlink", path.name, b""))


def replay(operations: list[tuple[str, str, bytes]], folder: Path, rng: random.Random) -> None:
    """The folder after a power cut: what was not synced may be there, torn, zero or missing."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    contents: dict[str, bytearray] = {}
    synced: dict[str, int] = {}
    for what, name, data in operations:
        if what == "create":
            contents[name], synced[name] = bytearray(), 0
        elif what == "append":
            contents[name] += data
        elif what == "shorten":
            del contents[name][int.from_bytes(data, "big") :]
        elif what == "sync":
            synced[name] = len(contents[name])
        else:
            contents.pop(name, None)
    for name, content in contents.items():
        _damage_loose_end(content, synced[name], rng)
        (folder / name).write_bytes(content)


def _damage_loose_end(content: bytearray, start: int, rng: random.Random) -> None:
    cut = start + rng.randrange(max(len(content) - start, 0) + 1)
    fate = rng.choice(["all there", "cut", "zeros after", "zeros before"])
    if fate == "cut":
        del content[cut:]
    elif fate == "zeros after":
        content[cut:] = bytes(len(content) - cut)
    elif fate == "zeros before":
        content[start:cut] = bytes(cut - start)


@given(seed=st.integers(0, 2**32))
@RELAXED
def test_a_crash_at_any_operation_loses_nothing_that_was_acknowledged(
    seed: int, pictures: Pictures, tmp_path: Path
):
    rng = random.Random(seed)
    disk = Log()
    folder = Path(tempfile.mkdtemp(dir=tmp_path)) / "j"
    journal = Journal(folder, CODEC, disk, segment_bytes=9000, slack=4000)
    states = pictures(seed, 12)
    ends = []
    for picture in states:
        journal.commit(picture)
        ends.append(len(disk.operations))
    journal.remove()
    for _ in range(25):
        cut = rng.randrange(len(disk.operations) + 1)
        replay(disk.operations[:cut], folder, rng)
        done = sum(end <= cut for end in ends)
        found = Finder(folder, CODEC).recover()
        if done == 0:
            # The very first state was under way: what there is of it counts as damaged.
            assert found is None or found.lost or found.value == states[0]
        else:
            assert found is not None
            assert found.lost == 0
            assert any(found.value == state for state in states[done - 1 : done + 1])
    shutil.rmtree(folder)


@given(seed=st.integers(0, 2**32))
@RELAXED
def test_a_segment_cut_at_any_byte_gives_the_last_state_before_the_cut(
    seed: int, pictures: Pictures, tmp_path: Path
):
    rng = random.Random(seed)
    folder = Path(tempfile.mkdtemp(dir=tmp_path)) / "j"
    journal = Journal(folder, CODEC, slack=1 << 40)
    states, sizes = pictures(seed, 6), []
    for picture in states:
        journal.commit(picture)
        sizes.append(journal.total_bytes)
    segment = next(folder.glob("*.journal"))
    content = segment.read_bytes()
    assert len(content) == sizes[-1]
    for cut in (*sizes, *(rng.randrange(len(content) + 1) for _ in range(15))):
        segment.write_bytes(content[:cut])
        done = sum(size <= cut for size in sizes)
        found = Finder(folder, CODEC).recover()
        assert (found is None) == (done == 0)
        assert found is None or (found.lost == 0 and found.value == states[done - 1])
    journal.remove()


@given(seed=st.integers(0, 2**32), damage=st.integers(1, 4))
@RELAXED
def test_damage_anywhere_costs_what_it_hits_and_never_gives_wrong_pixels(
    seed: int, damage: int, pictures: Pictures, tmp_path: Path
):
    rng = random.Random(seed)
    folder = Path(tempfile.mkdtemp(dir=tmp_path)) / "j"
    journal = Journal(folder, CODEC)
    states = pictures(seed, 6)
    for picture in states:
        journal.commit(picture)
    segment = next(folder.glob("*.journal"))
    content = bytearray(segment.read_bytes())
    for _ in range(damage):
        start = rng.randrange(len(content))
        for position in range(start, min(start + rng.randrange(1, 600), len(content))):
            content[position] = rng.randrange(256)
    segment.write_bytes(content)
    found = Finder(folder, CODEC).recover()
    if found is not None and not found.lost:
        assert any(found.value == state for state in states)
    elif found is not None:
        assert found.lost_tiles <= found.lost
        assert (found.value.width, found.value.height) in {(p.width, p.height) for p in states}
    journal.remove()


@pytest.mark.parametrize("room", [0, 10, 500, 3000, 9000])
def test_a_full_disk_keeps_the_state_before_and_goes_on_when_there_is_room(
    room: int, pictures: Pictures, tmp_path: Path
):
    disk = Log()
    journal = Journal(tmp_path / "j", CODEC, disk, segment_bytes=5000, slack=3000)
    states = pictures(5, 12)
    journal.commit(states[0])
    disk.room = room
    last, failed = states[0], 0
    for state in states[1:]:
        try:
            journal.commit(state)
            last = state
        except OSError:
            failed += 1
            found = Finder(tmp_path / "j", CODEC).recover()
            assert found is not None
            assert found.value == last
            # A refused state takes no room: the little there is stays for others.
            files = (tmp_path / "j").glob("*.journal")
            assert sum(path.stat().st_size for path in files) == journal.total_bytes
    assert failed
    disk.room = None
    journal.commit(states[-1])
    found = Finder(tmp_path / "j", CODEC).recover()
    assert found is not None
    assert found.value == states[-1]
