"""Ctrl-C."""

from __future__ import annotations

import signal
import threading

import pytest

from studio.cli.interrupt import interruptible


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
