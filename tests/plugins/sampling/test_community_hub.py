"""Models of the hub: a small server on this computer answers as the hub does."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from studio.api import Cancelled, UserError
from studio.host.observer import Observer

from .original_layout import write_single_file

pytestmark = pytest.mark.filterwarnings(
    # Of the libraries, about themselves.
    "ignore::DeprecationWarning",
    "ignore::FutureWarning",
)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Repositories, by their name a folder each, and the paths that were asked for."""

    def __init__(self):
        self.repositories, self.asked = {}, []

    @property
    def fetched(self):
        return [path.rpartition("/main/")[2] for how, path in self.asked if how == "GET"]


class Handler(BaseHTTPRequestHandler):
    """Closes each connection, so that no thread waits for a next question."""

    hub: Hub

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def answer(self):
        path = self.path.partition("?")[0]
        self.hub.asked.append((self.command, path))
        for name, folder in self.hub.repositories.items():
            if path == f"/api/models/{name}":
                return self.send(json.dumps(facts(name, folder)).encode())
            start = f"/{name}/resolve/main/"
            file = folder / path.removeprefix(start)
            if path.startswith(start) and file.is_file():
                return self.send(file.read_bytes())
        return self.send(b"{}", 404)

    do_HEAD = do_GET = answer  # noqa: N815  # the names that the base calls

    def send(self, body, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        if status == 404:
            self.send_header("X-Error-Code", "RepoNotFound")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


def facts(name, folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        "id": name,
        "sha": COMMIT,
        "cardData": {"license": "openrail++"},
        "siblings": [
            {"rfilename": path.relative_to(folder).as_posix(), "size": path.stat().st_size}
            for path in files
        ],
    }


@pytest.fixture
def hub(lonely, monkeypatch, diffusion):
    found = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Handler,), {"hub": found}))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    files = f"{address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(lonely, "ENDPOINT", address)
    monkeypatch.setattr(lonely, "HUGGINGFACE_CO_URL_TEMPLATE", files)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    found.repositories["somebody/tiny"] = diffusion("sd")
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_model_of_the_hub_is_asked_for_before_it_is_fetched(hub, paint, drawn):
    with pytest.raises(UserError, match="somebody/tiny is not on this computer") as caught:
        paint("somebody/tiny")
    assert "kB" in caught.value.message
    assert "openrail++" in caught.value.message
    assert "https://huggingface.co/somebody/tiny" in caught.value.hint
    assert hub.fetched
    assert not any("/resolve/" in path for _, path in hub.asked)
    result = paint("somebody/tiny", allow_download=True, steps=1)
    assert "its license: openrail++" in result.notes[0]
    assert (result.images[0].pixels == drawn(steps=1)).all()
    assert sum(name.endswith(".safetensors") for name in hub.fetched) == 3
    hub.asked.clear()
    assert (drawn("somebody/tiny", steps=1) == result.images[0].pixels).all()
    assert hub.asked == []


def test_a_fetch_can_be_cancelled(hub, paint):
    class Impatient(Observer):
        told = ()

        def progress(self, _fraction, message):
            self.told = (*self.told, message)

        def cancelled(self):
            return any("Fetching" in message for message in self.told)

    with pytest.raises(Cancelled):
        paint("somebody/tiny", allow_download=True, observer=Impatient())
    assert not any(name.endswith(".safetensors") for name in hub.fetched)


def test_what_the_hub_does_not_have_is_told(hub, paint):
    with pytest.raises(UserError, match="is not on this computer"):
        paint("nobody/nothing")
    with pytest.raises(UserError, match="no answer about nobody/nothing"):
        paint("nobody/nothing", allow_download=True)


def test_a_single_file_gets_its_configuration_without_weights(
    hub, paint, drawn, diffusion, tmp_path
):
    hub.repositories["stable-diffusion-v1-5/stable-diffusion-v1-5"] = diffusion("sd")
    path = write_single_file(diffusion("sd"), tmp_path / "one.safetensors")
    with pytest.raises(UserError, match="openrail"):
        paint(path)
    made = drawn(path, allow_download=True, steps=1)
    assert (made == drawn(steps=1)).all()
    assert not any(name.endswith(".safetensors") for name in hub.fetched)
    hub.asked.clear()
    assert (drawn(path, steps=1) == made).all()
    assert hub.asked == []
