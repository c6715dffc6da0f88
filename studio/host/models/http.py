"""Downloads that survive bad connections: resumed, retried, cancelled within a second."""

from __future__ import annotations

import http.client
import queue
import re
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO

from studio.api.errors import Cancelled, UserError
from studio.api.models import check_url
from studio.host.models.cache import Progress, disk_errors

_CHUNK = 1 << 16
_POLL = 0.1
_OK, _PARTIAL, _RANGE_REFUSED = 200, 206, 416
_WORTH_RETRYING = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True)
class Patience:
    """How long to put up with a bad connection.

    Attributes:
        stall: seconds without a byte before the connection is given up.
        retries: attempts in a row that may bring nothing new.
        backoff: seconds before the first retry; doubled for each further one.
    """

    stall: float = 20.0
    retries: int = 3
    backoff: float = 1.0


class _Interrupted(Exception):
    """An attempt ended early and another may go on from there."""


def download(
    url: str,
    part: Path,
    size: int | None,
    progress: Progress,
    cancelled: Callable[[], bool],
    patience: Patience,
) -> None:
    """Complete ``part`` from ``url``, going on from what it already holds.

    Proxies are taken from the environment. The content is not verified here beyond its size.

    Args:
        url: https, or http on this computer.
        part: file to append to; kept when the download is cancelled or the connection fails.
        size: exact size in bytes, or None if unknown.
        progress: called with bytes done and in all.
        cancelled: asked about ten times a second.
        patience: when to give up.

    Raises:
        UserError: if the server refuses, the size is wrong, or the retries are used up.
        Cancelled: if ``cancelled`` turns true.
    """
    best, failures = _size(part), 0
    while True:
        try:
            _attempt(url, part, size, progress, cancelled, patience.stall)
        except _Interrupted as error:
            have = _size(part)
            # A server that ignores ranges starts over each time: only bytes never seen count.
            failures = 1 if have > best else failures + 1
            best = max(best, have)
            if failures > patience.retries:
                raise UserError(
                    f"{url} could not be fetched: {error}.",
                    "Check the connection (and HTTPS_PROXY, if you need a proxy) and try again; "
                    "what has arrived is kept.",
                ) from error
            _pause(patience.backoff * 2 ** (failures - 1), cancelled)
        else:
            return


def _attempt(
    url: str,
    part: Path,
    size: int | None,
    progress: Progress,
    cancelled: Callable[[], bool],
    stall: float,
) -> None:
    have = _size(part)
    if size is not None and have >= size:
        if have == size:
            return
        _forget(part)
        have = 0
    with _pumping(url, have, stall) as pump:
        head = pump.head(cancelled)
        start, total = _accept(url, head, have, part)
        if size is not None and total is not None and total != size:
            _forget(part)
            raise UserError(
                f"{url} now holds {total:,} bytes; the model's card says {size:,}.",
                "The source has changed. Look for an update of the plugin that declares the model.",
            )
        total = size if size is not None else total
        with disk_errors(part), part.open("ab" if start else "wb") as file:
            have = _write(pump, file, start, total, progress, cancelled)
    if total is not None and have < total:
        raise _Interrupted(f"the connection was closed after {have:,} of {total:,} bytes")
    if total is not None and have > total:
        _forget(part)
        raise UserError(
            f"{url} sent more than the {total:,} bytes it should hold.",
            "The source has changed. Look for an update of the plugin that declares the model.",
        )


def _write(
    pump: _Pump,
    file: IO[bytes],
    have: int,
    total: int | None,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> int:
    progress(have, total)
    while isinstance(chunk := pump.next(cancelled), bytes):
        file.write(chunk)
        have += len(chunk)
        if total is not None and have > total:
            break
        progress(have, total)
    return have


def _accept(url: str, head: _Head, have: int, part: Path) -> tuple[int, int | None]:
    """Where the body starts in the file, and the size of the whole if the server told it."""
    length = head.headers.get("content-length", "")
    if head.status == _OK:
        return 0, int(length) if length.isdecimal() else None
    if head.status == _PARTIAL:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", head.headers.get("content-range", ""))
        if found and int(found[1]) == have:
            return have, int(found[2]) if found[2] != "*" else None
        _forget(part)
        raise _Interrupted("the server sent another part of the file than it was asked for")
    if head.status == _RANGE_REFUSED:
        _forget(part)
        raise _Interrupted("the server refused to go on from where it stopped")
    if head.status in _WORTH_RETRYING:
        raise _Interrupted(f"the server answered {head.status} {head.reason}".rstrip())
    raise UserError(
        f"{url} could not be fetched: the server answered {head.status} {head.reason}".rstrip()
        + ".",
        "Check the address in the model's card; the file may have moved.",
    )


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except OSError:
        return 0


def _forget(part: Path) -> None:
    with disk_errors(part):
        part.unlink(missing_ok=True)


def _pause(seconds: float, cancelled: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if cancelled():
            raise Cancelled
        time.sleep(min(_POLL, left))


@dataclass(frozen=True)
class _Head:
    status: int
    reason: str
    headers: Mapping[str, str]


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects only to where models may come from."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        try:
            check_url(newurl)
        except ValueError as error:
            fp.close()
            raise UserError(
                f"{req.full_url} leads to {newurl}, which is refused: it {error}.",
                "Change the address in the model's card to one that stays on https.",
            ) from error
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Pump(threading.Thread):
    """Reads a response on a thread, so that the caller can stop while the network is silent."""

    def __init__(self, url: str, start: int, stall: float) -> None:
        super().__init__(name="model-download", daemon=True)
        self._url = check_url(url)
        self._start_at = start
        self._stall = stall
        self._items: queue.Queue[_Head | bytes | Exception | None] = queue.Queue(maxsize=16)
        self._stopping = threading.Event()
        self._guard = threading.Lock()
        self._twin: socket.socket | None = None  # a second handle of the connection, for `stop`

    def head(self, cancelled: Callable[[], bool]) -> _Head:
        """Status and headers, with the failures of `next`."""
        item = self.next(cancelled)
        if not isinstance(item, _Head):
            raise _Interrupted("the server closed the connection without an answer")
        return item

    def next(self, cancelled: Callable[[], bool]) -> _Head | bytes | None:
        """The head, then chunks, then None.

        Raises:
            Cancelled: if ``cancelled`` turns true.
            _Interrupted: if the connection fails or is silent for too long.
            UserError: for failures that a retry would not cure.
        """
        deadline = time.monotonic() + self._stall
        while True:
            if cancelled():
                raise Cancelled
            try:
                item = self._items.get(timeout=_POLL)
            except queue.Empty:
                if time.monotonic() > deadline:
                    raise _Interrupted(f"nothing arrived for {self._stall:g} seconds") from None
                continue
            if isinstance(item, Exception):
                raise item
            return item

    def run(self) -> None:
        """Thread body; every ending is put in the queue."""
        try:
            self._read()
        except (UserError, _Interrupted) as error:
            self._put(error)
        except (OSError, http.client.HTTPException) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            if isinstance(reason, ssl.SSLCertVerificationError):
                hint = "Check the computer's clock and its certificates; a proxy may need its own."
                refusal = UserError(f"{self._url}: the server's certificate is not valid.", hint)
                self._put(refusal)
            else:
                self._put(_Interrupted(str(reason) or type(reason).__name__))
        except Exception as error:  # noqa: BLE001  # the caller raises it again
            self._put(error)

    def stop(self) -> None:
        """End the thread: wakes it if it waits for the network."""
        with self._guard:
            self._stopping.set()
            twin, self._twin = self._twin, None
        if twin is not None:
            # Shutting the socket down is the one way to wake a thread that reads from it.
            with suppress(OSError):
                twin.shutdown(socket.SHUT_RDWR)
            twin.close()
        self.join(timeout=0.5)

    def _read(self) -> None:
        headers = {"User-Agent": "impasto", "Accept-Encoding": "identity"}
        if self._start_at:
            headers["Range"] = f"bytes={self._start_at}-"
        request = urllib.request.Request(self._url, headers=headers)  # noqa: S310  # checked above
        opener = urllib.request.build_opener(_Redirects())
        try:
            response = opener.open(request, timeout=self._stall)
        except urllib.error.HTTPError as error:
            with error:
                self._put(_Head(error.code, error.reason, _lower(error.headers)))
            return
        with response:
            with self._guard:
                if self._stopping.is_set():
                    return
                self._twin = socket.fromfd(response.fileno(), socket.AF_INET, socket.SOCK_STREAM)
            self._put(_Head(response.status, response.reason, _lower(response.headers)))
            while not self._stopping.is_set() and (chunk := response.read1(_CHUNK)):
                self._put(chunk)
        self._put(None)

    def _put(self, item: _Head | bytes | Exception | None) -> None:
        while not self._stopping.is_set():
            with suppress(queue.Full):
                self._items.put(item, timeout=_POLL)
                return


def _lower(headers: Message) -> dict[str, str]:
    return {key.lower(): value for key, value in headers.items()}


@contextmanager
def _pumping(url: str, start: int, stall: float) -> Iterator[_Pump]:
    pump = _Pump(url, start, stall)
    pump.start()
    try:
        yield pump
    finally:
        pump.stop()
