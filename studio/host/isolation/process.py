"""The program's end of a plugin's process: starting, watching and ending it."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from studio.host.isolation.blocks import Block
from studio.host.isolation.limits import resident_bytes
from studio.host.isolation.line import Line, Message

_log = logging.getLogger(__name__)
_MODULE = "studio.host.isolation.child"
_TICK = 0.1
_START_SECONDS = 180.0
_SEND_SECONDS = 10.0
_KEPT_LINES = 60
_SLACK = 1.1  # the process refuses itself what is too much; only what gets past that is ended
Reason = Literal["", "cancelled", "closed", "idle", "memory", "start"]


@dataclass(frozen=True)
class End:
    """How a process ended.

    Attributes:
        code: its exit code, negative after a signal; None if it could not be started.
        words: the last lines that it wrote, such as the traceback of a crash.
        reason: why it was ended from here; empty if it went by itself.
    """

    code: int | None
    words: str
    reason: Reason = ""

    @property
    def how(self) -> str:
        """In words: "ended by SIGSEGV"."""
        if self.code is None:
            return "could not be started"
        if self.code >= 0:
            return f"ended with exit code {self.code}"
        try:
            return f"ended by {signal.Signals(-self.code).name}"
        except ValueError:
            return f"ended by signal {-self.code}"


class Ended(Exception):
    """The process is gone: `args[0]` is its `End`."""

    @property
    def end(self) -> End:
        """How."""
        end: End = self.args[0]
        return end


class Talk:
    """What belongs to one run: messages to its process, and those that come back."""

    def __init__(self, process: PluginProcess, number: int, urgent: bool) -> None:
        self.process, self.number, self.urgent = process, number, urgent
        self.heard: queue.SimpleQueue[Message | None] = queue.SimpleQueue()

    def send(self, kind: str, block: Block | None = None, **values: Any) -> None:
        """Say something about this run.

        Raises:
            Ended: if nobody is there.
        """
        self.process.send({"kind": kind, "run": self.number, **values}, block)

    def next(self, seconds: float) -> Message | None:
        """The next thing heard; None if nothing is for so long.

        Raises:
            Ended: if the process is gone.
        """
        try:
            message = self.heard.get(timeout=seconds)
        except queue.Empty:
            return None
        if message is None:
            raise Ended(self.process.end)
        return message


class PluginProcess:
    """A child process that runs the operations of one plugin.

    A thread of its own starts it, hears it and watches its memory; it lives as long as the process.

    Args:
        name: of the plugin.
        hello: what the process is told first.
        idle_seconds: it is ended when nothing is asked of it for so long.

    Attributes:
        ready: set once it has loaded the plugin and torch.
    """

    def __init__(self, name: str, hello: Mapping[str, Any], idle_seconds: float) -> None:
        self.name = name
        self.ready = threading.Event()
        self.gone = threading.Event()
        self.end = End(None, "")
        self._hello, self._idle_seconds = dict(hello), idle_seconds
        self._lock = threading.RLock()
        self._talks: dict[int, Talk] = {}
        self._callers: Counter[int] = Counter()
        self._numbers = itertools.count(1)
        self._reason: Reason = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Line | None = None
        self._limit: int | None = None
        self._used = time.monotonic()
        self._words: deque[str] = deque(maxlen=_KEPT_LINES)
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._live, name=f"plugin-{name}", daemon=True)
        self._thread.start()
        self._begun.wait()

    @property
    def pid(self) -> int | None:
        """Of the process."""
        return None if self._process is None else self._process.pid

    @contextmanager
    def talk(self) -> Iterator[Talk]:
        """A run on this thread; urgent if this thread waits for another run of the process already.

        Raises:
            Ended: if the process is gone.
        """
        caller = threading.get_ident()
        with self._lock:
            if self.gone.is_set():
                raise Ended(self.end)
            talk = Talk(self, next(self._numbers), self._callers[caller] > 0)
            self._talks[talk.number] = talk
            self._callers[caller] += 1
        try:
            yield talk
        finally:
            with self._lock:
                del self._talks[talk.number]
                self._callers[caller] -= 1
                self._used = time.monotonic()
                if not self._talks:
                    self._limit = None

    def send(self, values: Mapping[str, Any], block: Block | None = None) -> None:
        """Say something.

        Raises:
            Ended: if nobody is there.
        """
        try:
            if self._line is not None:
                self._line.send(values, block=block)
                return
        except OSError:
            self.kill()
        self.gone.wait(_SEND_SECONDS)
        raise Ended(self.end)

    def kill(self, reason: Reason = "") -> None:
        """End it at once."""
        with self._lock:
            if not self.gone.is_set() and not self._reason:
                self._reason = reason
        if self._process is not None:
            self._process.kill()

    def retire(self) -> None:
        """End it as soon as nothing runs in it."""
        self._idle_seconds = 0.0

    def close(self, reason: Reason = "closed") -> None:
        """End it, and wait until it and its thread are gone."""
        self.kill(reason)
        if threading.current_thread() is not self._thread:
            self._thread.join(10)

    # The thread

    def _live(self) -> None:
        try:
            listener = self._start()
        except Exception as error:  # noqa: BLE001 - whoever waits for the start is to hear of it
            _log.exception("the process of the plugin %s cannot be started", self.name)
            if self._process is not None:
                self._process.kill()
            self._finish(End(None, str(error), self._reason))
            self._begun.set()
            return
        self._begun.set()
        try:
            self._hear()
        except Exception:  # noqa: BLE001 - what comes over the line may be anything
            _log.exception("the process of the plugin %s is ended", self.name)
        process, line = self._process, self._line
        assert process is not None and line is not None  # noqa: S101, PT018 - both were made
        process.kill()
        code = process.wait()
        listener.join(1)  # a process that the plugin started may hold on to it
        line.close()
        self._finish(End(code, "\n".join(self._words), self._reason))

    def _start(self) -> threading.Thread:
        ours, theirs = socket.socketpair()
        try:
            shared = getattr(theirs, "share", None)  # where descriptors are not inherited
            argument = "stdin" if shared else str(theirs.fileno())
            self._process = process = subprocess.Popen(  # noqa: S603 - our own program
                # -P: no file beside the user's pictures is taken for one of our modules.
                [sys.executable, "-P", "-m", _MODULE, argument, str(os.getpid())],
                stdin=subprocess.PIPE if shared else subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=() if shared else (theirs.fileno(),),
            )
            if shared and process.stdin is not None:
                with process.stdin as line:
                    line.write(shared(process.pid))
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._line = Line(ours, _START_SECONDS)  # it may be long in getting to read
        with contextlib.suppress(OSError):
            self._line.send({"kind": "hello", **self._hello})
        self._line.be_patient(_SEND_SECONDS)
        listener = threading.Thread(target=self._listen, name=f"words-{self.name}", daemon=True)
        listener.start()
        return listener

    def _listen(self) -> None:
        """Keep what it prints: the last lines are what a crash leaves."""
        assert self._process is not None  # noqa: S101 - it was made
        assert self._process.stderr is not None  # noqa: S101 - it was asked for
        with self._process.stderr as lines:
            while line := lines.readline(4000):
                text = line.decode(errors="replace").rstrip()
                self._words.append(text)
                _log.info("%s: %s", self.name, text)

    def _hear(self) -> None:
        assert self._process is not None and self._line is not None  # noqa: S101, PT018 - as above
        began = time.monotonic()
        while True:
            try:
                message = self._line.receive(_TICK)
            except EOFError:
                return
            if message is not None:
                self._deliver(message)
            elif self._process.poll() is not None:
                return  # what it started itself may keep its end of the line open
            elif not self.ready.is_set() and time.monotonic() - began > _START_SECONDS:
                self.kill("start")
                return
            self._watch()

    def _deliver(self, message: Message) -> None:
        if message.kind == "ready":
            self.ready.set()
            return
        if message.kind == "begun":
            held = resident_bytes(self._process.pid) if self._process else None
            self._limit = None if held is None else held + int(_SLACK * message.values["memory"])
            return
        with self._lock:
            talk = self._talks.get(message.values.get("run", 0))
            if talk is not None:
                talk.heard.put(message)
            elif message.block is not None:
                message.block.close()

    def _watch(self) -> None:
        """Its memory while it runs something, and how long nobody needed it."""
        limit = self._limit
        if limit is not None and self.pid is not None:
            held = resident_bytes(self.pid)
            if held is not None and held > limit:
                self.kill("memory")
        with self._lock:
            unused = not self._talks and time.monotonic() - self._used > self._idle_seconds
        if unused:
            self.kill("idle")

    def _finish(self, end: End) -> None:
        with self._lock:
            self.end = end
            self.gone.set()
            for talk in self._talks.values():
                talk.heard.put(None)
