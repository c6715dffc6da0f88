"""Plugins by others, from their source to their use: wheels, a fresh environment, line and window."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from studio.api.testing import Report

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]
THIRD_PARTY = ROOT / "tests" / "third_party"
PROJECTS = ("impasto-deblock", "impasto-stained-glass")
OURS = ("studio", "plugins", "resources", "pyproject.toml", "README.md", "LICENSE")

# Opens the picture, runs the operations that are named, one as a person who finds it in the list of
# tools and one by typing its name into the palette, keeps each, and tells of the pixels.
WINDOW = """
import json, sys, time
from pathlib import Path
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from studio.document import composite
from studio.host.services import build_services
from studio.qt.collector import Collector
from studio.qt.main_window import MainWindow
from studio.qt.theme import Theme

application = QApplication([])
collector = Collector()
collector.start()
services = build_services()
window = MainWindow(services, Theme(application, "dark"))
window.show()

def until(ready):
    end = time.monotonic() + 120
    while not ready():
        assert time.monotonic() < end, window.messages.text.text()
        application.processEvents()
        time.sleep(0.004)

def pixels():
    return composite(window.session.document.picture)[..., :3].copy()

def keep():
    until(lambda: window.canvas.overlay is not None)
    window.actions_by_id.trigger("apply")
    until(lambda: window.canvas.overlay is None)

window.open(Path(sys.argv[1]))
until(lambda: window.session.document is not None)
shown = [pixels()]

window.tools.choose_id("deblock.apply")
window.tools.page.run_button.click()
keep()
shown.append(pixels())

window.actions_by_id.trigger("palette")
box = window.palette_box
QTest.keyClicks(box.search, "stained")
QTest.keyClick(box.search, Qt.Key.Key_Return)
until(lambda: window.tools.page and window.tools.page.operation.id == "stained-glass.apply")
window.tools.request_run()
keep()
shown.append(pixels())

told = {
    "titles": [step.title for step in window.session.document.history.steps],
    "changed": [float((a != b).any(-1).mean()) for a, b in zip(shown, shown[1:])],
    "failures": [failure.message for failure in services.registry.failures],
}
window.grab().save(sys.argv[2])
for entry in window.session.entries:
    entry.document.mark_saved()
window.close()
collector.stop()
services.jobs.close(10)
print(json.dumps(told))
"""


def run(*arguments: object, cwd: Path, python: Path = Path(sys.executable)) -> str:
    done = subprocess.run(
        [python, *(str(each) for each in arguments)],
        cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1"},  # more would wait for each other
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(source: Path, names: tuple[str, ...], wheels: Path, work: Path) -> Path:
    """A wheel of a copy of a project, so that no build folder is left in it or reused."""
    copy = work / source.name
    for name in names:
        path = source / name
        if path.is_dir():
            shutil.copytree(path, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif path.is_file():
            copy.mkdir(exist_ok=True)
            shutil.copy(path, copy)
    before = set(wheels.glob("*.whl"))
    run("-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", wheels, ".", cwd=copy)
    (wheel,) = set(wheels.glob("*.whl")) - before
    shutil.rmtree(copy)
    return wheel


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with Impasto and both plugins, each from its wheel."""
    work = tmp_path_factory.mktemp("work")
    wheels = work / "wheels"
    wheels.mkdir()
    built = [build(ROOT, OURS, wheels, work)]
    for project in PROJECTS:
        names = tuple(path.name for path in (THIRD_PARTY / project).iterdir())
        built.append(build(THIRD_PARTY / project, names, wheels, work))
    place = work / "environment"
    venv.create(place, with_pip=True, symlinks=os.name != "nt")
    python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    own = run(
        "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=work, python=python
    )
    run("-m", "pip", "install", "--no-deps", "--no-index", *built, cwd=work, python=python)
    # The libraries, from where the tests have them: nothing is downloaded. They come last, and what
    # installs our source there for development is not looked at.
    shared = [path for path in sys.path if path.endswith("site-packages")]
    (Path(own.strip()) / "libraries.pth").write_text("\n".join(shared))
    where = run("-c", "import studio; print(studio.__file__)", cwd=work, python=python)
    assert Path(where.strip()).is_relative_to(place)
    return python


def read(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    Image.fromarray(data.camera()[80:272, 120:376]).convert("RGB").save(path, quality=15)
    return path


@pytest.mark.parametrize("project", PROJECTS)
def test_what_is_installed_keeps_every_promise(project: str, python: Path, tmp_path: Path):
    name = project.removeprefix("impasto-")
    output = run(*("-m", "studio", "plugins", "check", name, "--json"), cwd=tmp_path, python=python)
    report = Report.from_json(json.loads(output))
    assert (report.version, report.origin) == ("1.0.0", f"entry point of {project}")
    assert report.passed
    assert {each.rule for each in report.findings if each.status == "skipped"} == {"huge"}


@pytest.mark.parametrize("project", PROJECTS)
def test_its_own_tests_pass(project: str, python: Path, tmp_path: Path):
    shutil.copytree(THIRD_PARTY / project / "tests", tmp_path / "tests")
    chosen = ("-k", "not Conformance")  # the same kit as above
    output = run("-m", "pytest", "-q", *chosen, "tests", cwd=tmp_path, python=python)
    assert " passed" in output


def test_they_are_used_from_the_command_line(python: Path, photo: Path, tmp_path: Path):
    truth = data.camera()[80:272, 120:376, None].repeat(3, 2).astype(float)

    def error(path: Path) -> float:
        return float(np.square(read(path) - truth).mean())

    restored, glass = tmp_path / "restored.png", tmp_path / "glass.png"
    run("-m", "studio", "run", "deblock.apply", photo, "-o", restored, cwd=tmp_path, python=python)
    assert error(restored) < 0.9 * error(photo)
    flags = ("--piece", "24", "--lead", "0")
    run(
        *("-m", "studio", "run", "stained-glass.apply", restored, "-o", glass, *flags),
        cwd=tmp_path,
        python=python,
    )
    assert len(np.unique(read(glass).reshape(-1, 3), axis=0)) < 200
    models = json.loads(
        run("-m", "studio", "models", "list", "--json", cwd=tmp_path, python=python)
    )
    assert "deblock" in json.dumps(models)


def test_a_model_of_ones_own_is_trained_and_used(python: Path, photo: Path, tmp_path: Path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    whole = data.astronaut()
    for number in range(10):
        left, top = 30 * number, 25 * number
        Image.fromarray(whole[top : top + 200, left : left + 200]).save(pictures / f"{number}.png")
    small = ("--steps", "8", "--width", "4", "--depth", "1")
    run(
        *("-m", "studio", "train", "deblock", "--data", pictures, "-o", "mine.safetensors", *small),
        cwd=tmp_path,
        python=python,
    )
    own = ("--model", "mine")
    run(
        *("-m", "studio", "run", "deblock.apply", photo, "-o", "out.png", *own),
        cwd=tmp_path,
        python=python,
    )
    assert read(tmp_path / "out.png").shape == (192, 256, 3)


def test_they_are_used_from_the_window(python: Path, photo: Path, tmp_path: Path):
    output = run("-c", WINDOW, photo, tmp_path / "window.png", cwd=tmp_path, python=python)
    told = json.loads(output.splitlines()[-1])
    assert told["titles"] == ["Remove JPEG Artifacts", "Stained Glass"]
    assert told["failures"] == []
    assert all(share > 0.5 for share in told["changed"]), told
