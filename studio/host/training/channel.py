"""A training process's end of the line to the program that started it: JSON, one object a line."""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

PAUSE, FINISH = "pause", "finish"


class Channel:
    """Reports on standard output and hears wishes on standard input.

    What a recipe or a library prints goes to standard error, so that it cannot be taken for a
    report. When the other side is gone, that is a wish to pause.

    Attributes:
        pausing: set once the training is to stop for now.
        finishing: set once it is to stop and keep the best.
    """

    def __init__(self) -> None:
        self.pausing, self.finishing = threading.Event(), threading.Event()
        self._pending = b""
        self._lock = threading.Lock()
        self._out = os.dup(1)
        os.dup2(2, 1)
        sys.stdout = sys.stderr

    def first(self) -> dict[str, Any]:
        """The first line heard: what the process needs to know of its program; empty if none came."""
        while b"\n" not in self._pending:
            more = os.read(0, 65536)
            if not more:
                self.pausing.set()
                return {}
            self._pending += more
        line, self._pending = self._pending.split(b"\n", 1)
        value = json.loads(line)
        return value if isinstance(value, dict) else {}

    def listen(self) -> None:
        """Hear wishes from now on."""
        # Unbuffered reading: a thread that waits in sys.stdin would stop the interpreter's end.
        threading.Thread(target=self._listen, name="training-wishes", daemon=True).start()

    def send(self, kind: str, **values: Any) -> None:
        """Report something; to nobody, if the other side is gone."""
        line = json.dumps({"kind": kind, **values}).encode() + b"\n"
        with self._lock:
            try:
                while line:
                    line = line[os.write(self._out, line) :]
            except OSError:
                self.pausing.set()

    def _listen(self) -> None:
        text = self._pending
        while True:
            *lines, text = text.split(b"\n")
            for line in lines:
                self._heed(line.decode(errors="replace").strip())
            try:
                more = os.read(0, 4096)
            except OSError:
                more = b""
            if not more:
                self.pausing.set()
                return
            text += more

    def _heed(self, wish: str) -> None:
        if wish == PAUSE:
            self.pausing.set()
        elif wish == FINISH:
            self.finishing.set()
