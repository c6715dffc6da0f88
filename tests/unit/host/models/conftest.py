"""Cards made from bytes, a server that misbehaves on request, and a loader to import with."""

from __future__ import annotations

import hashlib
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from studio.api.models import CheckpointLoader, ModelCard, Recognised
from studio.host.models import ModelStore, Patience

MakeCard = Callable[..., ModelCard]


@pytest.fixture
def make_card() -> MakeCard:
    """Make a card of files given as ``{name: content}``."""

    def make(id: str, source: str, files: dict[str, bytes], **changes) -> ModelCard:
        fields = {
            "id": id,
            "title": id,
            "task": "super-resolution",
            "architecture": "Net",
            "format": "pth",
            "source": source,
            "files": [
                {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
                for name, data in files.items()
            ],
            "licence": "MIT",
            "origin": "a test",
        }
        return ModelCard.model_validate(fields | changes)

    return make


@pytest.fixture
def make_store(tmp_path: Path) -> Callable[..., ModelStore]:
    """Make a store in a folder of its own, which gives up soon."""

    def make(*cards: ModelCard, stall: float = 5.0) -> ModelStore:
        patience = Patience(stall=stall, retries=3, backoff=0.01)
        return ModelStore(tmp_path / "cache", tmp_path / "bundled", cards, patience)

    return make


@dataclass
class Server:
    """What the server holds and how it behaves.

    Attributes:
        files: content by path.
        ranges: whether it answers Range requests with 206.
        drop_after: for each coming answer the bytes after which it closes the connection early.
        stall_after: bytes after which it goes silent until the test ends; -1 before the headers.
        redirects: where a path leads.
        statuses: for each coming answer an HTTP error to give instead.
        lie: offset added to the start it announces in Content-Range.
        delay: seconds between pieces of the body.
        requests: the Range header of each request, in order.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    drop_after: list[int] = field(default_factory=list)
    stall_after: int | None = None
    redirects: dict[str, str] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    lie: int = 0
    delay: float = 0.0
    length: bool = True
    requests: list[str | None] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    url: str = ""


class _Handler(BaseHTTPRequestHandler):
    state: Server

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:  # the base class looks for this name
        state = self.state
        state.requests.append(self.headers["Range"])
        if state.stall_after == -1:
            state.released.wait(20)
            return
        if self.path in state.redirects:
            self.send_response(302)
            self.send_header("Location", state.redirects[self.path])
            self.end_headers()
            return
        if state.statuses or self.path not in state.files:
            self.send_error(state.statuses.pop(0) if state.statuses else 404)
            return
        self._send(state, state.files[self.path])

    def _send(self, state: Server, content: bytes) -> None:
        start = 0
        if state.ranges and self.headers["Range"]:
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self.send_error(416)
                return
            self.send_response(206)
            shown = start + state.lie
            self.send_header("Content-Range", f"bytes {shown}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        if state.length:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        body = content[start:]
        if state.drop_after:
            body = body[: state.drop_after.pop(0)]
        if state.stall_after is not None:
            self.wfile.write(body[: state.stall_after])
            state.released.wait(20)
            return
        try:
            for at in range(0, len(body), 4096):
                self.wfile.write(body[at : at + 4096])
                time.sleep(state.delay)
        except ConnectionError:
            self.close_connection = True


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    state = Server()
    handler = type("Handler", (_Handler,), {"state": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        state.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, args=(0.02,))
        thread.start()
        yield state
        state.released.set()
        http.shutdown()
        thread.join()


@pytest.fixture
def loader(monkeypatch: pytest.MonkeyPatch) -> CheckpointLoader:
    """A loader that knows files with a tensor called ``ours.weight``."""

    def recognise(paths: tuple[Path, ...]) -> Recognised | None:
        from studio.nn.checkpoints import read_state_dict
        from studio.nn.ncnn import describe_layers, read_ncnn

        if paths[0].suffix == ".param":
            return Recognised("Ncnn", 4, describe_layers(read_ncnn(*paths)))
        state = read_state_dict(paths[0])
        if "ours.weight" not in state:
            return None
        return Recognised("OurNet", 2, "A network of ours.", {"blocks": "7"})

    module = types.ModuleType("impasto_test_loader")
    module.recognise = recognise  # type: ignore[attr-defined]  # a module made on the spot
    module.doubt = lambda paths: replace(recognise(paths), likely=False)  # type: ignore[attr-defined]  # the same
    monkeypatch.setitem(sys.modules, module.__name__, module)
    function = f"{module.__name__}:recognise"
    suffixes = (".pth", ".safetensors", ".param", ".bin")
    return CheckpointLoader("ours", "Ours", "super-resolution", suffixes, function)
