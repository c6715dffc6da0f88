"""Ctrl-C."""

from __future__ import annotations

import signal
import threading

import pytest

from studio.cli.interrupt import interruptible, interrupts


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
