"""What killed saves leave is swept up, what is being written is not; the backup of a replaced file."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from studio.files.atomic import keep_backup, replace_file, sweep_temporaries

posix = pytest.mark.skipif(os.name != "posix", reason="the lock that dies with its process")

HOLD = """
import sys
from pathlib import Path
from studio.files.atomic import replace_file

def write(file):
    file.write(b"half")
    file.flush()
    print("writing", flush=True)
    sys.stdin.readline()

replace_file(Path(sys.argv[1]), write)
"""


@contextlib.contextmanager
def saving(path: Path):
    """Another process that has come half way."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        yield process


@posix
def test_a_file_that_another_process_is_writing_is_left_alone(tmp_path: Path):
    path = tmp_path / "a.png"
    with saving(path) as process:
        assert sweep_temporaries(tmp_path) == 0
        replace_file(tmp_path / "b.png", lambda file: file.write(b"b"))
        process.communicate("go on\n")
    assert path.read_bytes() == b"half"
    assert sorted(found.name for found in tmp_path.iterdir()) == ["a.png", "b.png"]


@posix
def test_what_a_killed_save_left_goes_at_the_next_save_there(tmp_path: Path):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    other = tmp_path / ".impasto-notes.tmp"
    other.write_text("not ours")
    with saving(path) as process:
        process.kill()
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.glob(".impasto-????????????.tmp"))) == 1
    replace_file(tmp_path / "b.png", lambda file: file.write(b"b"))
    assert sorted(found.name for found in tmp_path.iterdir()) == [other.name, "a.png", "b.png"]


def test_sweeping_a_folder_that_is_not_there_is_no_error(tmp_path: Path):
    assert sweep_temporaries(tmp_path / "gone") == 0


def test_a_backup_keeps_the_replaced_file(tmp_path: Path):
    path = tmp_path / "a.png"
    keep_backup(path)
    assert list(tmp_path.iterdir()) == []
    for content in (b"first", b"second"):
        path.write_bytes(content)
        keep_backup(path)
        assert (tmp_path / "a.png~").read_bytes() == content
    assert path.read_bytes() == b"second"
