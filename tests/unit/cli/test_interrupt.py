"""Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from pathlib import Path

import pytest

from studio.cli.interrupt import interruptible, interrupts

DROPINS = Path(__file__).parents[2] / "dropins"


def test_the_first_asks_and_the_second_ends():
    before = signal.getsignal(signal.SIGINT)
    with interruptible() as asked:
        assert not asked.is_set()
        signal.raise_signal(signal.SIGINT)
        assert asked.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_have_no_signals_and_need_none():
    found = []

    def work():
        with interruptible() as asked:
            found.append(asked.is_set())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]


def test_work_that_can_keep_what_it_has_is_asked_for_that_first():
    with interrupts() as found:
        with found.keeping(True):
            signal.raise_signal(signal.SIGINT)
            assert found.enough.is_set()
            assert not found.asked.is_set()
            signal.raise_signal(signal.SIGINT)
            assert found.asked.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("can_keep", [True, False])
def test_before_and_after_it_is_under_way_the_first_one_cancels(can_keep: bool):
    with interrupts() as found:
        with found.keeping(can_keep):
            assert found.keeps is can_keep
        signal.raise_signal(signal.SIGINT)
        assert found.asked.is_set()
        assert not found.enough.is_set()


@pytest.fixture
def pressed(impasto, photo, tmp_path, monkeypatch):
    """Run an operation that can end early and press Ctrl+C so often; what was printed, the output."""
    folder = Path(os.environ["IMPASTO_PLUGINS"]) / "looks"
    shutil.copytree(DROPINS / "looks", folder)
    (folder / "pictures").mkdir()

    def run(presses: int, terminal: bool, inputs: int = 1):
        out = tmp_path / ("out.png" if inputs == 1 else "out")
        others = [tmp_path / f"{number}.png" for number in range(1, inputs)]
        for other in others:
            shutil.copy(photo[0], other)
        # Only asked here: what is printed to it goes on being caught.
        monkeypatch.setattr("studio.cli.batch.at_a_terminal", lambda: terminal)
        command = ("run", "looks.brighten", photo[0], *others, "-o", out)
        found = impasto(*command, "--steps", 1000, "--presses", presses, "--device", "cpu")
        return found, out

    return run


def test_a_run_at_a_terminal_keeps_what_it_has(pressed):
    found, out = pressed(1, terminal=True)
    assert found.code == 0
    assert "Note: Stopped after 3 steps." in found.err
    assert out.exists()


def test_a_second_one_cancels_it(pressed):
    found, out = pressed(2, terminal=True)
    assert found.code == 130
    assert not out.exists()


def test_in_a_script_the_first_one_cancels(pressed):
    found, out = pressed(1, terminal=False)
    assert found.code == 130
    assert not out.exists()


def test_of_several_inputs_the_one_under_way_is_kept_and_no_other_begun(pressed):
    found, out = pressed(1, terminal=True, inputs=3)
    assert found.code == 130
    assert [path.name for path in out.iterdir()] == ["photo.png"]
