from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.api.errors import Cancelled, UserError
from studio.host.models import ModelStatus

DATA = np.random.default_rng(3).bytes(100_000)


@pytest.fixture
def card(server, make_card):
    server.files["/net.pth"] = DATA
    return make_card("net", f"{server.url}/net.pth", {"net.pth": DATA})


def part_of(store, card) -> Path:
    folder = store.cache_dir / "partial"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{card.files[0].sha256}.part"


def test_a_file_arrives_with_progress(make_store, card):
    store, seen = make_store(card), []
    assert store.status("net") is ModelStatus.MISSING
    assert store.locate("net") is None
    (path,) = store.fetch("net", lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == DATA
    assert path.suffix == ".pth"
    assert store.status("net") is ModelStatus.CACHED
    assert store.locate("net") == (path,)
    assert seen[0] == (0, len(DATA))
    assert seen[-1] == (len(DATA), len(DATA))
    assert seen == sorted(seen)
    assert not list((store.cache_dir / "partial").iterdir())


def test_what_is_there_is_not_fetched_again(make_store, card, server):
    store = make_store(card)
    first = store.fetch("net")
    assert store.ensure("net") == store.fetch("net") == first
    assert make_store(card).ensure("net") == first
    assert len(server.requests) == 1


def test_several_files_come_from_a_folder(make_store, make_card, server):
    files = {"a b.param": b"one", "net.bin": b"twotwo"}
    server.files.update({"/models/a%20b.param": b"one", "/models/net.bin": b"twotwo"})
    store, seen = make_store(make_card("net", f"{server.url}/models/", files)), []
    paths = store.fetch("net", lambda done, total: seen.append((done, total)))
    assert [path.read_bytes() for path in paths] == [b"one", b"twotwo"]
    assert seen[-1] == (9, 9)


def test_a_dropped_connection_is_resumed(make_store, card, server):
    server.drop_after = [30_000, 20_000]
    (path,) = make_store(card).fetch("net")
    assert path.read_bytes() == DATA
    assert server.requests == [None, "bytes=30000-", "bytes=50000-"]


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drops=st.lists(st.integers(1, 40_000), max_size=4))
def test_any_drops_with_new_bytes_are_survived(make_store, card, server, drops):
    server.drop_after = list(drops)
    store = make_store(card)
    (path,) = store.fetch("net")
    assert path.read_bytes() == DATA
    store.remove("net")


def test_a_part_of_an_earlier_run_is_used(make_store, card, server):
    store = make_store(card)
    part_of(store, card).write_bytes(DATA[:60_000])
    (path,) = store.fetch("net")
    assert path.read_bytes() == DATA
    assert server.requests == ["bytes=60000-"]


def test_a_complete_part_needs_no_connection(make_store, card, server):
    store = make_store(card)
    part_of(store, card).write_bytes(DATA)
    assert store.fetch("net")[0].read_bytes() == DATA
    assert server.requests == []


@pytest.mark.parametrize("size", [60_000, 100_000, 100_001])
def test_a_wrong_part_of_an_earlier_run_is_thrown_away(make_store, card, server, size):
    store = make_store(card)
    part_of(store, card).write_bytes(b"x" * size)
    assert store.fetch("net")[0].read_bytes() == DATA
    assert server.requests[-1] is None


def test_a_server_without_ranges_starts_over(make_store, card, server):
    server.ranges = False
    server.drop_after = [30_000]
    (path,) = make_store(card).fetch("net")
    assert path.read_bytes() == DATA
    assert server.requests == [None, "bytes=30000-"]


def test_a_server_that_sends_another_range_starts_over(make_store, card, server):
    server.lie = 1
    server.drop_after = [30_000]
    (path,) = make_store(card).fetch("net")
    assert path.read_bytes() == DATA
    assert server.requests == [None, "bytes=30000-", None]


def test_a_body_without_length_is_read(make_store, card, server):
    server.length = False
    server.drop_after = [30_000]
    assert make_store(card).fetch("net")[0].read_bytes() == DATA


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(make_store, card, server, status):
    server.statuses = [status] * 3
    assert make_store(card).fetch("net")[0].read_bytes() == DATA
    assert len(server.requests) == 4


def test_retries_end(make_store, card, server):
    server.drop_after = [0] * 20
    store = make_store(card)
    with pytest.raises(UserError, match="closed after 0 of 100,000 bytes") as caught:
        store.fetch("net")
    assert "try again" in caught.value.hint
    assert len(server.requests) == 4


def test_what_arrived_before_the_retries_ended_is_kept(make_store, card, server):
    server.drop_after = [30_000, 0, 0, 0, 0]
    store = make_store(card)
    with pytest.raises(UserError):
        store.fetch("net")
    assert store.fetch("net")[0].read_bytes() == DATA
    assert server.requests[-1] == "bytes=30000-"


def test_a_refused_connection_is_reported(make_store, make_card):
    store = make_store(make_card("net", "http://127.0.0.1:9/net.pth", {"net.pth": DATA}))
    with pytest.raises(UserError, match="could not be fetched"):
        store.fetch("net")


def test_a_file_that_moved_is_reported_at_once(make_store, card, server):
    del server.files["/net.pth"]
    with pytest.raises(UserError, match="answered 404"):
        make_store(card).fetch("net")
    assert len(server.requests) == 1


def test_redirects_are_followed(make_store, make_card, server):
    server.files["/real.pth"] = DATA
    server.redirects["/net.pth"] = "/real.pth"
    store = make_store(make_card("net", f"{server.url}/net.pth", {"net.pth": DATA}))
    assert store.fetch("net")[0].read_bytes() == DATA


@pytest.mark.parametrize("target", ["http://example.org/net.pth", "file:///etc/passwd"])
def test_redirects_to_elsewhere_are_refused(make_store, make_card, server, target):
    server.redirects["/net.pth"] = target
    store = make_store(make_card("net", f"{server.url}/net.pth", {"net.pth": DATA}))
    with pytest.raises(UserError, match="refused|not allowed"):
        store.fetch("net")
    assert len(server.requests) == 1


def test_wrong_bytes_are_deleted(make_store, card, server):
    server.files["/net.pth"] = DATA[:-1] + b"!"
    store = make_store(card)
    with pytest.raises(UserError, match="is not the file its card describes") as caught:
        store.fetch("net")
    assert "impasto models import" in caught.value.hint
    assert store.status("net") is ModelStatus.MISSING
    assert not [path for path in store.cache_dir.rglob("*") if path.suffix in {".pth", ".part"}]


@pytest.mark.parametrize("content", [DATA[:-1], DATA + b"!"])
def test_another_length_is_refused_before_it_is_fetched(make_store, card, server, content):
    server.files["/net.pth"] = content
    with pytest.raises(UserError, match="card says 100,000"):
        make_store(card).fetch("net")


def test_endless_answers_are_cut(make_store, card, server):
    server.length = False
    server.files["/net.pth"] = DATA * 3
    store = make_store(card)
    with pytest.raises(UserError, match="sent more than"):
        store.fetch("net")
    assert not part_of(store, card).exists()


@pytest.mark.parametrize("stall_after", [-1, 0, 30_000])
def test_a_silent_server_is_given_up(make_store, card, server, stall_after):
    server.stall_after = stall_after
    server.ranges = False  # with ranges each attempt would bring some more
    with pytest.raises(UserError, match="timed out|nothing arrived"):
        make_store(card, stall=0.15).fetch("net")
    assert len(server.requests) >= 4


@pytest.mark.parametrize("stall_after", [-1, 30_000])
def test_cancel_answers_while_the_server_is_silent(make_store, card, server, stall_after):
    server.stall_after = stall_after
    asked = threading.Event()
    timer = threading.Timer(0.3, asked.set)
    timer.start()
    store = make_store(card, stall=3.0)
    with pytest.raises(Cancelled):
        store.fetch("net", cancelled=asked.is_set)
    timer.join()
    # Neither the silence nor a retry ended it: there was one request.
    assert len(server.requests) == 1
    assert store.status("net") is ModelStatus.MISSING


def test_a_cancelled_download_goes_on_later(make_store, card, server):
    server.delay = 0.005
    store, done = make_store(card), [0]

    def progress(now: int, total: int | None) -> None:
        done[0] = now

    with pytest.raises(Cancelled):
        store.fetch("net", progress, lambda: done[0] > 20_000)
    kept = part_of(store, card).stat().st_size
    assert 20_000 < kept < len(DATA)
    assert store.fetch("net")[0].read_bytes() == DATA
    assert server.requests[-1] == f"bytes={kept}-"


def test_a_cancel_between_retries_is_heard(make_store, card, server):
    server.statuses = [503] * 9
    with pytest.raises(Cancelled):
        make_store(card).fetch("net", cancelled=lambda: len(server.requests) >= 2)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_reported(make_store, card):
    store = make_store(card)
    part_of(store, card).symlink_to("/dev/full")
    with pytest.raises(UserError, match="disk is full") as caught:
        store.fetch("net")
    assert "IMPASTO_MODELS" in caught.value.hint


def test_a_model_larger_than_the_disk_is_refused_before_it_starts(make_store, make_card, server):
    card = make_card("net", f"{server.url}/net.pth", {"net.pth": DATA})
    huge = card.files[0].model_copy(update={"bytes": 10**18})
    with pytest.raises(UserError, match="are free on the disk"):
        make_store(card.model_copy(update={"files": (huge,)})).fetch("net")
    assert server.requests == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_cache_is_reported(make_store, card):
    store = make_store(card)
    store.cache_dir.mkdir(mode=0o500)
    with pytest.raises(UserError, match="could not be written"):
        store.fetch("net")


def test_a_cache_that_is_a_file_is_reported(make_store, card):
    store = make_store(card)
    store.cache_dir.write_text("in the way")
    with pytest.raises(UserError, match="could not be written"):
        store.fetch("net")


def test_two_fetches_at_once_transfer_the_file_once(make_store, card, server):
    server.delay = 0.002
    results: list[bytes] = []

    def fetch() -> None:
        results.append(make_store(card).fetch("net")[0].read_bytes())

    threads = [threading.Thread(target=fetch) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [DATA] * 3
    assert len(server.requests) == 1


def test_waiting_for_another_fetch_can_be_cancelled(make_store, card, server):
    server.stall_after = 100
    stop = threading.Event()

    def fetch() -> None:
        with pytest.raises(Cancelled):
            make_store(card).fetch("net", cancelled=stop.is_set)

    thread = threading.Thread(target=fetch)
    thread.start()
    while not server.requests:
        time.sleep(0.01)
    second = threading.Timer(0.3, stop.set)
    second.start()
    with pytest.raises(Cancelled):
        make_store(card).fetch("net", cancelled=stop.is_set)
    thread.join()
    second.join()
    assert len(server.requests) == 1


def test_the_proxy_of_the_environment_is_used(make_store, make_card, server, monkeypatch):
    # As a proxy, the server is asked for the whole address.
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "")
    server.files["http://localhost:1/net.pth"] = DATA
    store = make_store(make_card("net", "http://localhost:1/net.pth", {"net.pth": DATA}))
    assert store.fetch("net")[0].read_bytes() == DATA
