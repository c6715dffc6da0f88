"""What every test gets: folders of its own, two threads, no display, and no thread left behind."""

from __future__ import annotations

import os
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

# Before anything imports Qt or a library that sizes its thread pool at import.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# Several workers (pytest -n) have a core each: more threads would only wait for one another.
THREADS = 1 if "PYTEST_XDIST_WORKER" in os.environ else 2
for _variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, str(THREADS))

# A wait ends when what is waited for is there; only a failure takes this long, however busy the
# machine is.
PATIENCE_MS = 30_000

SHARED = Path(__file__).resolve().parents[2] / "shared"
# Pools that their libraries keep for the whole process; Qt threads show up as dummies.
_KEPT_THREADS = ("tqdm_monitor", "pytest_timeout", "Dummy-", "fsspecIO")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of test data and checkpoints beside the repository."""
    if not (SHARED / "MANIFEST.md").is_file():
        pytest.skip("../shared is not here: these tests need its pictures and checkpoints")
    return SHARED


class PatientBot(QtBot):
    """Waits longer than the five seconds of pytest-qt, which a busy machine can take."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE_MS) -> None:  # noqa: N802 - pytest-qt's name
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE_MS, **more: Any) -> Any:  # noqa: N802 - pytest-qt's name
        return super().waitSignal(signal, timeout=timeout, **more)


@pytest.fixture
def qtbot(qapp: object, request: pytest.FixtureRequest) -> QtBot:
    """The one of pytest-qt, but patient."""
    return PatientBot(request)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, models, plugins and recovery files of a test never meet the user's."""
    home = tmp_path_factory.mktemp("home")
    folders = {
        "IMPASTO_CONFIG": "config",
        "IMPASTO_MODELS": "models",
        "IMPASTO_DATA": "data",
        "IMPASTO_PLUGINS": "plugins",
        "XDG_CONFIG_HOME": "xdg-config",
        "XDG_CACHE_HOME": "xdg-cache",
        "XDG_DATA_HOME": "xdg-data",
        "XDG_STATE_HOME": "xdg-state",
    }
    for variable, name in folders.items():
        (home / name).mkdir()
        monkeypatch.setenv(variable, str(home / name))


@pytest.fixture(autouse=True)
def _steady_torch() -> None:
    """Seed torch, without being the one that imports it."""
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "manual_seed"):
        torch.set_num_threads(THREADS)
        torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _no_leaked_threads() -> Iterator[None]:
    """Fail the test that leaves a thread running: the next ones would suffer from it."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 30  # a process that ends may take long on a busy machine
    while (left := _new_threads(before)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left, f"still running after the test: {', '.join(t.name for t in left)}"


def _new_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    return [
        thread
        for thread in threading.enumerate()
        if thread not in before and not thread.name.startswith(_KEPT_THREADS)
    ]


@pytest.fixture
def wheels(tmp_path: Path) -> Callable[..., Path]:
    """Writes the wheel of a pure Python package into a folder of the test; nothing is built."""
    folder = tmp_path / "wheels"
    folder.mkdir()

    def write(name: str, version: str, files: Mapping[str, str] | None = None, **more: Any) -> Path:
        return _write_wheel(folder, name, version, files or {}, **more)

    return write


def _write_wheel(
    folder: Path,
    name: str,
    version: str,
    files: Mapping[str, str],
    *,
    requires: Sequence[str] = (),
    plugins: Mapping[str, str] | None = None,
) -> Path:
    """Write the wheel of a pure Python package.

    Args:
        folder: where it goes.
        name: of the distribution, in lower case with dashes.
        version: of it.
        files: texts by path.
        requires: requirements.
        plugins: modules by entry point name.
    """
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    metadata = [
        *("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"),
        *("Summary: Made for a test", "License: MIT"),
        *(f"Requires-Dist: {each}" for each in requires),
    ]
    points = [f"{point} = {module}" for point, module in (plugins or {}).items()]
    content = {
        **files,
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "\n".join(["[studio.plugins]", *points]) + "\n",
    }
    content[f"{info}/RECORD"] = "".join(f"{each},,\n" for each in [*content, f"{info}/RECORD"])
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in content.items():
            archive.writestr(each, text)
    return path
