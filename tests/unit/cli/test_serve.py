from __future__ import annotations

import socket
import sys

import pytest


def test_without_fastapi_it_says_what_to_install(impasto, monkeypatch):
    monkeypatch.setitem(sys.modules, "fastapi", None)
    done = impasto("serve")
    assert done.code == 1
    assert 'pip install "impasto[serve]"' in done.err


def test_an_address_that_is_taken_is_refused(impasto):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = impasto("serve", "--port", other.getsockname()[1])
    assert done.code == 1
    assert "cannot be listened at" in done.err
    assert "--port" in done.err


@pytest.mark.parametrize(
    "arguments", [["--port", "70000"], ["--max-jobs", "0"], ["--device", "toaster"], ["photo.png"]]
)
def test_flags_that_make_no_sense_are_bad_usage(impasto, arguments):
    assert impasto("serve", *arguments).code == 2
