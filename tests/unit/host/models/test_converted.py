"""HDF5 is converted once, whoever asks first."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest
from safetensors.numpy import load_file

import studio.nn.hdf5
from studio.host.models import ModelStatus

ARRAYS = {
    "a/weight": np.arange(6, dtype="<f4").reshape(2, 3),
    "a/big": np.array([1, -2, 3], ">i4"),
    "b": np.array([0.5], "<f2"),
}


@pytest.fixture
def file(tmp_path, hdf5):
    return hdf5.saved(tmp_path / "net.h5", hdf5.tree(ARRAYS))


@pytest.fixture
def card(file, make_card):
    return make_card("net", file.as_uri(), {file.name: file.read_bytes()}, format="hdf5")


@pytest.fixture
def reads(monkeypatch):
    """Counts how often an HDF5 file is read."""
    counted = []
    read = studio.nn.hdf5.read_hdf5

    def counting(path):
        counted.append(path)
        return read(path)

    monkeypatch.setattr(studio.nn.hdf5, "read_hdf5", counting)
    return counted


def test_it_is_read_once_and_opened_as_safetensors(make_store, card, reads):
    (path,) = make_store(card).ensure("net")
    assert path.suffix == ".safetensors"
    found = load_file(path)
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].shape == array.shape
    assert make_store(card).ensure("net") == (path,)  # as at the next start
    assert len(reads) == 1


def test_what_was_altered_is_made_again(make_store, card, reads):
    store = make_store(card)
    (path,) = store.ensure("net")
    right = path.read_bytes()
    path.write_bytes(right[:-1] + b"\x07")
    assert store.ensure("net") == (path,)
    assert path.read_bytes() == right
    path.with_suffix(".json").write_text("half of a")  # a process that was killed
    assert store.ensure("net") == (path,)
    path.unlink()
    assert store.ensure("net") == (path,)
    assert path.read_bytes() == right
    assert len(reads) == 4


def test_the_file_itself_stays_and_goes_with_what_was_made_of_it(make_store, card):
    store = make_store(card)
    (path,) = store.ensure("net")
    (published,) = store.locate("net")
    assert published.suffix == ".h5"
    assert store.status("net") is ModelStatus.CACHED
    store.remove("net")
    assert not path.exists()
    assert not path.with_suffix(".json").exists()
    assert not published.exists()


def test_threads_that_ask_at_once_have_it_made_once(make_store, card, reads):
    store = make_store(card)
    store.fetch("net")
    found = []
    threads = [threading.Thread(target=lambda: found.append(store.ensure("net"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(reads) == 1


ASK = """
import sys
from pathlib import Path
from studio.api.models import ModelCard
from studio.host.models import ModelStore

card = ModelCard.model_validate_json(sys.argv[2])
(path,) = ModelStore(Path(sys.argv[1]), Path("bundled"), [card]).ensure("net")
print(path, path.stat().st_mtime_ns)
"""


def test_processes_that_ask_at_once_get_the_same_file(tmp_path, card):
    command = [sys.executable, "-c", ASK, str(tmp_path / "cache"), card.model_dump_json()]
    asking = [subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") for _ in range(2)]
    answers = {process.communicate(timeout=100)[0] for process in asking}
    assert [process.returncode for process in asking] == [0, 0]
    assert len(answers) == 1  # none was made a second time


def test_what_is_not_read_is_left_as_it_is(tmp_path, make_store, make_card):
    odd = tmp_path / "odd.h5"
    odd.write_bytes(b"\x89HDF\r\n\x1a\n" + b"\x02" * 100)
    card = make_card("odd", odd.as_uri(), {odd.name: odd.read_bytes()}, format="hdf5")
    (path,) = make_store(card).ensure("odd")
    assert path.read_bytes() == odd.read_bytes()
