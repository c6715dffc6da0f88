"""Tests share processes where they can: each takes seconds to import torch."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from studio.api.errors import Cancelled, PluginError, UserError
from studio.document import Rect
from studio.host.hints import Dab
from studio.host.isolation.isolation import Isolation

OPEN = Path("/proc/self/fd")


def blocks_here() -> int:
    return sum("impasto-pixels" in os.path.realpath(link) for link in OPEN.iterdir())


def assert_equal(one, other) -> None:
    assert [[image.x, image.y, image.layer, image.title] for v in one.variants for image in v] == [
        [image.x, image.y, image.layer, image.title] for v in other.variants for image in v
    ]
    for mine, theirs in zip(one.images, other.images, strict=True):
        assert np.array_equal(mine.pixels, theirs.pixels)
        assert (mine.mask is None) == (theirs.mask is None)
        assert mine.mask is None or np.array_equal(mine.mask, theirs.mask)
    assert one.record == other.record
    assert (one.size, one.notes, one.request) == (other.size, other.notes, other.request)
    assert one.after() == other.after()


@pytest.mark.parametrize(
    ("name", "parameters", "fields"),
    [
        ("network", {"count": 3}, {"seed": 11}),
        ("network", {}, {"region": Rect(40, 30, 50, 40), "seed": 2}),
        ("network", {}, {"hints": (Dab(60, 50, 9, "#ff0000"),), "grow": 3, "feather": 4}),
        ("twice", {}, {}),
        ("through", {"count": 2}, {}),
        ("caller.call", {"count": 5}, {"seed": 8}),
    ],
)
def test_results_are_the_same_to_the_bit(bench, picture, watcher, name, parameters, fields):
    heard, here = watcher(), watcher()
    apart = bench.run(name, picture, parameters, heard, **fields)
    assert_equal(apart, bench.run(name, picture, parameters, here, isolated=False, **fields))
    assert heard.notes == here.notes
    assert (heard.fractions[-1], heard.messages[-1]) == (here.fractions[-1], here.messages[-1])
    assert bool(heard.tiles) == bool(here.tiles)
    if here.tiles:
        assert np.array_equal(heard.tiles[-1].pixels, here.tiles[-1].pixels)
        assert heard.tiles[-1].area == here.tiles[-1].area


def test_a_reference_picture_is_found_from_where_the_program_is(
    bench, deep_picture, tmp_path, monkeypatch
):
    from PIL import Image

    Image.new("RGB", (8, 8), (200, 30, 60)).save(tmp_path / "look.png")
    monkeypatch.chdir(tmp_path)
    apart = bench.run("network", deep_picture, {"look": "look.png"})
    assert_equal(apart, bench.run("network", deep_picture, {"look": "look.png"}, isolated=False))
    assert list(apart.record["pictures"]) == ["look.png"]
    with pytest.raises(UserError, match="none"):
        bench.run("network", deep_picture, {"look": "none.png"})


def test_one_process_stays_and_keeps_no_pixels(bench, picture, watcher):
    before = blocks_here()
    heard = watcher()
    for _ in range(3):
        bench.run("inspect", picture, observer=heard)
    pid, held = heard.notes[:2]
    assert heard.notes[::2] == [pid] * 3
    assert pid == f"pid {bench.isolation.pid('unsteady')}" != f"pid {os.getpid()}"
    assert held == "blocks 0"
    assert blocks_here() == before


def test_what_a_plugin_raises_is_said_as_in_the_program(bench, picture):
    with pytest.raises(PluginError) as apart:
        bench.run("wrong", picture)
    with pytest.raises(PluginError) as here:
        bench.run("wrong", picture, isolated=False)
    assert (apart.value.message, apart.value.hint) == (here.value.message, here.value.hint)
    assert "in wrong" in str(apart.value.__cause__)
    with pytest.raises(PluginError, match="asked the program to end .exit code 4"):
        bench.run("leave", picture)


def test_a_run_that_asks_is_cancelled_and_its_process_stays(bench, picture, watcher):
    bench.run("inspect", picture)
    pid = bench.isolation.pid("unsteady")
    heard = watcher(cancel=lambda w: "go" in w.messages)
    with pytest.raises(Cancelled):
        bench.run("steps", picture, {"count": 10_000, "word": "go"}, heard)
    assert bench.isolation.pid("unsteady") == pid
    heard = watcher(stop=lambda w: "go" in w.messages)
    bench.run("steps", picture, {"count": 10_000, "word": "go"}, heard)
    assert heard.notes == ["stopped early: True"]


def test_an_urgent_run_goes_in_between(bench, picture, watcher):
    between = []

    def urgent(heard) -> bool:
        if between or "go" not in heard.messages:
            return False
        between.append(bench.run("inspect", picture))
        return True

    heard = watcher(urgent=urgent, stop=lambda _: bool(between))
    bench.run("steps", picture, {"count": 10_000, "word": "go"}, heard)
    assert len(between) == 1


def test_what_fails_in_the_observer_ends_the_run(bench, picture, watcher):
    class Broken(watcher):
        def note(self, message: str) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.run("network", picture, observer=Broken())
    bench.run("inspect", picture)


def test_a_crash_is_an_error_and_the_next_run_a_new_process(bench, picture, caplog):
    bench.run("inspect", picture)
    pid = bench.isolation.pid("unsteady")
    before = picture.layers[0].raster.tiles.copy()
    with pytest.raises(PluginError) as caught:
        bench.run("quit", picture)
    assert "The plugin unsteady crashed while running Quit" in caught.value.message
    assert "exit code 3" in caught.value.message
    assert "about to leave" in str(caught.value.__cause__)
    assert picture.layers[0].raster.tiles == before
    with pytest.raises(PluginError, match="ended by SIGSEGV") as caught:
        bench.run("segfault", picture)
    assert "Segmentation fault" in str(caught.value.__cause__)
    assert "wrong_address" in str(caught.value.__cause__)
    with pytest.raises(PluginError, match="crashed while running Quit"):
        bench.run("caller.call", picture, {"crash": True})
    bench.run("inspect", picture)
    assert bench.isolation.pid("unsteady") not in {pid, None}


@pytest.mark.parametrize(
    "whole", [pytest.param(False, id="python", marks=pytest.mark.slow), pytest.param(True, id="c")]
)
def test_an_endless_loop_is_ended(bench, picture, watcher, whole):
    asked: list[bool] = []
    pids: list[int | None] = []

    def cancel(heard) -> bool:
        if "turning" in heard.messages and not asked:
            asked.append(True)
            pids.append(bench.isolation.pid("unsteady"))
        return bool(asked)

    with pytest.raises(Cancelled):
        bench.run("turn", picture, {"whole": whole}, watcher(cancel=cancel))
    assert not Path(f"/proc/{pids[0]}").exists()


def test_memory_is_limited(bench, picture):
    with pytest.raises(UserError, match="not enough memory"):
        bench.run("devour", picture)


@pytest.mark.slow
def test_memory_is_watched_where_no_limit_holds(bench, picture):
    with pytest.raises(UserError, match="took more memory than there is") as caught:
        bench.run("behind", picture)
    assert "unsteady" in caught.value.message


def test_what_is_not_needed_is_ended(bench, picture, plugins):
    names = ["unsteady"]
    isolation = Isolation(lambda: names, plugins, idle_seconds=0.3)
    bench = type(bench)(bench.registry, bench.store, isolation)
    bench.run("inspect", picture)
    pid = isolation.pid("unsteady")
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert isolation.pid("unsteady") is None
    assert not Path(f"/proc/{pid}").exists()
    isolation.close()
