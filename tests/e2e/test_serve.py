"""The server as other programs meet it: a process, a socket, and the script of its page."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

import studio.server

PAGE = Path(studio.server.__file__).with_name("README.md").read_text(encoding="utf-8")
SCRIPTS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@contextmanager
def serving(*arguments: str):
    """``impasto serve`` in a process of its own: it, and its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "studio", "serve", "--port", "0", "--device", "cpu", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+) ", line)
        assert found, line + process.stderr.read()
        yield process, int(found[1])
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def posted(port, operation, data):
    """A connection on which a form was sent, its answer not yet read."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    head = b'--b\r\nContent-Disposition: form-data; name="picture"; filename="p"\r\n\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    body = head + data + b"\r\n--b--\r\n"
    connection.request("POST", f"/v1/operations/{operation}", body, kind)
    return connection


def test_a_script_uses_the_server_and_it_ends_cleanly(testkit, photo):
    path, pixels = photo
    data = path.read_bytes()
    with serving("--max-jobs", "1") as (process, port):
        names = {}
        exec(compile(SCRIPTS[0], "README.md", "exec"), names)  # noqa: S102 - the page is the test
        names["SERVER"] = f"http://127.0.0.1:{port}"
        answer = names["impasto"]("adjustments.invert", data)
        made = cv2.imdecode(np.frombuffer(answer, np.uint8), cv2.IMREAD_UNCHANGED)
        made = cv2.cvtColor(made, cv2.COLOR_BGRA2RGBA)
        assert made.dtype == np.uint16
        assert np.array_equal(made[..., 3], pixels[..., 3])
        assert np.abs(made[20:, :, 0] - (65535.0 - pixels[20:, :, 0])).max() <= 1
        with pytest.raises(RuntimeError, match="1 to 8"):
            names["impasto"]("testkit.enlarge", data, scale=9)
        with urllib.request.urlopen(f"{names['SERVER']}/docs") as page:  # noqa: S310 - our server
            assert "testkit.enlarge" in page.read().decode()

        posted(port, "testkit.slow", data).close()  # its place is free once that was noticed
        deadline = time.monotonic() + 20
        while True:
            connection = posted(port, "adjustments.invert", data)
            status = connection.getresponse().status
            connection.close()
            if status == 200:
                break
            assert status == 503
            assert time.monotonic() < deadline
            time.sleep(0.1)

        waiting = posted(port, "testkit.slow", data)
        answers = []
        thread = threading.Thread(target=lambda: answers.append(waiting.getresponse()))
        thread.start()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0
        thread.join(5)
        assert answers[0].status == 503
        assert json.load(answers[0])["detail"] == "The server is closing."
        waiting.close()
        assert process.stderr.read() == ""


def test_what_cannot_be_served_is_said(impasto, tmp_path, monkeypatch):
    monkeypatch.delenv("IMPASTO_TOKEN", raising=False)
    refused = impasto("serve", "--host", "0.0.0.0")  # noqa: S104 - it does not come to that
    assert refused.returncode == 2
    assert "--token-file" in refused.stderr
    absent = impasto("serve", "--host", "203.0.113.7", "--token-file", "token.txt")
    assert absent.returncode == 1
    assert "--port" in absent.stderr
    assert (tmp_path / "token.txt").stat().st_size > 32


@pytest.mark.parametrize("script", SCRIPTS[1:])
def test_scripts_for_other_programs_are_python(script):
    compile(script, "README.md", "exec")


def test_the_server_is_told_of_in_the_help(impasto):
    done = impasto("serve", "--help")
    assert done.returncode == 0
    for option in ("--host", "--token-file", "--max-upload", "--device"):
        assert option in done.stdout
