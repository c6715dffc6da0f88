"""The program's end of the line to a training process."""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from studio.api.errors import UserError
from studio.host.training import records

_log = logging.getLogger(__name__)
_MODULE = "studio.host.training.child"


class TrainingProcess:
    """A child process that trains in a folder.

    Args:
        folder: of the run.
        host: where plugins and models are; the first line that the child hears.

    Raises:
        UserError: if it cannot be started.
    """

    def __init__(self, folder: Path, host: dict[str, Any]) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        try:
            with (folder / records.OUTPUT).open("wb") as output:
                self._process = subprocess.Popen(  # noqa: S603 - our own program
                    # -P: no file beside the user's pictures is taken for one of our modules.
                    [sys.executable, "-P", "-m", _MODULE, str(folder)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=output,
                    creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
                )
        except OSError as error:
            raise UserError(
                f"The training process cannot be started: {error.strerror or error}.",
                "Close other programs and resume it.",
            ) from error
        self.wish(json.dumps(host))

    @property
    def id(self) -> int:
        """Of the process."""
        return self._process.pid

    def wish(self, line: str) -> None:
        """Write a line that the child hears; nothing if it is gone."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            if self._process.stdin is not None:
                self._process.stdin.write(line.encode() + b"\n")
                self._process.stdin.flush()

    def messages(self) -> Iterator[dict[str, Any]]:
        """What the child reports, until it ends."""
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        for line in self._process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                _log.warning("not a report of a training: %r", line[:200])
                continue
            if isinstance(message, dict):
                yield message

    def close(self) -> int:
        """Wait for the end; returns the exit code, negative after a signal."""
        with self._lock:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
        return self._process.wait()

    def kill(self) -> None:
        """End it at once; its last checkpoint stays."""
        self._process.kill()

    def last_words(self) -> str:
        """The end of what it printed: what a crash leaves."""
        try:
            text = (self._folder / records.OUTPUT).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return text[-4000:].strip()
