"""The line between the program and a plugin's process: JSON, bytes, and descriptors of blocks."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.host.isolation.blocks import Block

_HEADER = struct.Struct("<IQB")  # bytes of JSON, bytes behind it, how the block comes
_NO_BLOCK, _DESCRIPTOR, _CONTENT = 0, 1, 2
_CHUNK = 1 << 20
_PASSES = hasattr(socket, "send_fds")
_LONG = 1e6  # seconds; a wait without end would make the socket one that blocks both ends alike


@dataclass
class Message:
    """One thing said.

    Attributes:
        values: its kind under ``kind``, and what belongs to that.
        data: bytes that come with it, such as the pixels of a preview.
        block: pixels that are handed over; whoever receives it closes it.
    """

    values: dict[str, Any]
    data: bytes = b""
    block: Block | None = None

    @property
    def kind(self) -> str:
        """What it is about."""
        return str(self.values.get("kind", ""))


class Line:
    """One end of a stream socket. Any thread may send; one receives.

    Args:
        end: of a pair of sockets; the line owns it.
        patience: seconds that the other side may take to read.
    """

    def __init__(self, end: socket.socket, patience: float = _LONG) -> None:
        self._out = end.dup()
        self._in = end
        self._out.settimeout(patience)
        self._lock = threading.Lock()
        self._buffer = bytearray()
        self._descriptors: deque[int] = deque()

    def be_patient(self, seconds: float) -> None:
        """Give the other side so long to read from now on."""
        self._out.settimeout(seconds)

    def send(
        self, values: Mapping[str, Any], data: bytes = b"", block: Block | None = None
    ) -> None:
        """Say something.

        Raises:
            OSError: if the other side is gone, or does not read.
        """
        text = json.dumps(values).encode()
        how = _NO_BLOCK
        if block is not None:
            how = _DESCRIPTOR if _PASSES else _CONTENT
            if how == _CONTENT:
                data = block.content()
        head = _HEADER.pack(len(text), len(data), how) + text
        with self._lock:
            if how == _DESCRIPTOR and block is not None:
                sent = socket.send_fds(self._out, [head], [block.fileno()])
                self._out.sendall(head[sent:])
            else:
                self._out.sendall(head)
            if data:
                self._out.sendall(data)

    def receive(self, seconds: float | None = None) -> Message | None:
        """The next thing said; None if nothing is within ``seconds``.

        Raises:
            EOFError: if the other side is gone.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        while (message := self._complete()) is None:
            left = _LONG if deadline is None else deadline - time.monotonic()
            self._in.settimeout(max(left, 0.001))
            try:
                self._fill()
            except TimeoutError:
                return None
            except OSError as error:
                raise EOFError from error
        return message

    def close(self) -> None:
        """Hang up."""
        for end in (self._out, self._in):
            with contextlib.suppress(OSError):
                end.close()
        while self._descriptors:
            Block(self._descriptors.popleft()).close()

    def _fill(self) -> None:
        if _PASSES:
            flags = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
            more, descriptors, _, _ = socket.recv_fds(self._in, _CHUNK, 8, flags)
            self._descriptors.extend(descriptors)
        else:
            more = self._in.recv(_CHUNK)
        if not more:
            raise EOFError
        self._buffer += more

    def _complete(self) -> Message | None:
        if len(self._buffer) < _HEADER.size:
            return None
        text, behind, how = _HEADER.unpack_from(self._buffer)
        end = _HEADER.size + text
        if len(self._buffer) < end + behind:
            return None
        values = json.loads(self._buffer[_HEADER.size : end])
        data = bytes(self._buffer[end : end + behind])
        del self._buffer[: end + behind]
        block = None
        if how == _DESCRIPTOR:
            block = Block(self._descriptors.popleft())
        elif how == _CONTENT:
            block, data = Block.of(data), b""
        return Message(values, data, block)
