"""The program from outside: exit codes, streams, what it imports, and how it is stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

HEAVY = ("torch", "torchvision", "PySide6", "diffusers", "spandrel", "onnxruntime", "transformers")


def read(path):
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def imported_by(commands, tmp_path):
    """Exit codes of command lines in one process, and which heavy packages it imported."""
    code = (
        "import json, sys\n"
        "from studio.__main__ import main\n"
        f"codes = [main(arguments) for arguments in {commands!r}]\n"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "print(json.dumps([codes, heavy]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.usefixtures("testkit")
def test_listing_and_help_import_neither_torch_nor_qt(tmp_path):
    commands = [
        ["--help"],
        ["--version"],
        ["operations"],
        ["operations", "--json"],
        ["operations", "testkit.invert"],
        ["run", "--help"],
        ["run", "testkit.invert", "--help"],
        ["plugins", "list"],
        ["models", "list"],
        ["models", "path"],
        ["models", "verify"],
        ["run", "testkit.invert", "missing.png"],
    ]
    codes, heavy = imported_by(commands, tmp_path)
    assert codes == [0] * 11 + [2]
    assert heavy == []


@pytest.mark.usefixtures("testkit")
def test_runs_and_the_doctor_never_import_qt(photo, tmp_path):
    run = ["run", "testkit.invert", str(photo[0]), "-o", str(tmp_path / "out.png")]
    codes, heavy = imported_by([run, ["doctor"]], tmp_path)
    assert codes == [0, 0]
    assert "torch" in heavy
    assert "PySide6" not in heavy


@pytest.mark.usefixtures("testkit")
def test_a_masked_run_from_outside(impasto, photo, tmp_path):
    path, pixels = photo
    mask = np.zeros((48, 64), np.uint8)
    mask[8:40, 8:40] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    done = impasto(
        "run", "testkit.invert", path.name, "-o", "out.png", "--mask", "mask.png", "--json"
    )
    assert (done.returncode, done.stderr) == (0, "")
    record = json.loads(done.stdout)
    assert (record["input"], record["output"], record["size"]) == ("photo.png", "out.png", [64, 48])
    got = read(tmp_path / "out.png")
    np.testing.assert_array_equal(got[mask == 0], pixels[mask == 0])
    np.testing.assert_array_equal(got[mask == 255][:, :3], 65535 - pixels[mask == 255][:, :3])
    np.testing.assert_array_equal(got[..., 3], pixels[..., 3])
    assert sorted(each.name for each in tmp_path.iterdir()) == ["mask.png", "out.png", "photo.png"]


@pytest.mark.usefixtures("testkit")
def test_failures_from_outside(impasto, photo, tmp_path):
    (tmp_path / "broken.png").write_bytes(photo[0].read_bytes()[:400])
    (tmp_path / "out.png").write_bytes(b"precious")
    broken = impasto("run", "testkit.invert", "broken.png", "-o", "out.png")
    raising = impasto("run", "testkit.fail", photo[0], "-o", "out.png")
    for done in (broken, raising):
        assert (done.returncode, done.stdout) == (1, "")
        error, hint = done.stderr.splitlines()
        assert error.startswith("Error: ")
        assert hint.startswith("Hint: ")
    assert (tmp_path / "out.png").read_bytes() == b"precious"
    wrong = impasto("run", "testkit.invert", photo[0], "-o", "out.png", "--strength", "2")
    assert wrong.returncode == 2
    assert "--strength takes 0 to 1" in wrong.stderr
    nothing = impasto("opreations")
    assert nothing.returncode == 2
    assert "operations" in nothing.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
@pytest.mark.usefixtures("testkit")
@pytest.mark.parametrize("old", [True, False])
def test_ctrl_c_cancels_and_leaves_nothing_behind(photo, tmp_path, old):
    marker, out = tmp_path / "started", tmp_path / "out.png"
    if old:
        out.write_bytes(b"precious")
    command = ["run", "testkit.slow", str(photo[0]), "-o", str(out), "--marker", str(marker)]
    process = subprocess.Popen(
        [sys.executable, "-m", "studio", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        deadline = time.monotonic() + 60
        while not marker.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        printed, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, printed, errors) == (130, "", "Canceled.\n")
    left = {"photo.png", "started"} | ({"out.png"} if old else set())
    assert {each.name for each in tmp_path.iterdir()} == left
    if old:
        assert out.read_bytes() == b"precious"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
@pytest.mark.usefixtures("testkit")
def test_a_terminal_sees_a_progress_bar_and_stdout_stays_clean(photo, tmp_path):
    import pty

    ours, theirs = pty.openpty()
    command = ["run", "testkit.invert", str(photo[0]), "-o", str(tmp_path / "out.png"), "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "studio", *command],
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    try:
        while chunk := _read_some(ours):
            seen += chunk
        printed, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert process.returncode == 0
    assert json.loads(printed)["output"] == str(tmp_path / "out.png")
    shown = seen.decode()
    assert "photo.png" in shown
    assert "\N{BOX DRAWINGS HEAVY HORIZONTAL}" in shown


def _read_some(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux's way to say that the other side closed
        return b""


def test_the_bundled_model_enlarges_a_photo(impasto, tmp_path):
    known = {each["id"] for each in json.loads(impasto("operations", "--json").stdout)}
    listed = impasto("models", "list", "--json")
    models = json.loads(listed.stdout or "[]")
    bundled = [each for each in models if each["status"] == "bundled"]
    if "super-resolution.upscale" not in known or not bundled:
        pytest.skip("super-resolution and its bundled model are not here")
    y, x = np.mgrid[:40, :56]
    pixels = np.stack([x * 4, y * 6, (x + y) * 2], axis=2).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "in.png"), pixels)
    for scale in (2, 4):
        done = impasto(
            "run", "super-resolution.upscale", "in.png", "-o", "out.png", "--scale", scale, "--json"
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["size"] == [56 * scale, 40 * scale]
        got = cv2.imread(str(tmp_path / "out.png"))
        plain = cv2.resize(pixels, (56 * scale, 40 * scale), interpolation=cv2.INTER_CUBIC)
        inner = slice(8, -8)
        error = np.abs(got[inner, inner].astype(int) - plain[inner, inner]).mean()
        assert error < 3
