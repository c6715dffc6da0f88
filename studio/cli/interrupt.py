"""Ctrl-C as a cancel: the first asks the run to stop, a second ends the program.

A run that can end early and keep what it has is asked for that first.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupts:
    """What Ctrl-C asked for so far.

    Attributes:
        asked: set when work is to end and leave nothing behind.
        enough: set when it is to end and keep what it has.
        keeps: whether work is under way that can do so; the first Ctrl-C then sets ``enough``.
    """

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.enough = threading.Event()
        self.keeps = False

    @contextmanager
    def keeping(self, can_keep: bool) -> Iterator[None]:
        """While in here, the first Ctrl-C asks to keep what there is, if ``can_keep``."""
        self.keeps = can_keep
        try:
            yield
        finally:
            self.keeps = False


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """An event that is set at the first Ctrl-C, so that work ends where it leaves nothing behind."""
    with interrupts() as found:
        yield found.asked


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """The same in two steps, for work that can end early and keep what it has."""
    found = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield found
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        if found.keeps and not found.enough.is_set():
            found.enough.set()
            return
        found.asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield found
    finally:
        signal.signal(signal.SIGINT, before)
