"""A real window on real services, with a small plugin dropped into a folder."""

from __future__ import annotations

import gc
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from PIL import Image
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.host.services import Services, build_services
from studio.qt.collector import Collector
from studio.qt.main_window import MainWindow
from studio.qt.theme import Theme


@pytest.fixture(autouse=True)
def collector(qapp: QApplication) -> Iterator[Collector]:
    """The program's own: widgets in cycles end on their thread, never on that of a worker."""
    made = Collector()
    made.start()
    yield made
    # Windows are large. What was there before the test is frozen: only what it left is looked at.
    gc.collect()
    made.stop()


DECLARATIONS = """
import hashlib
from pathlib import Path
from typing import Literal

from studio.api import (
    CheckpointLoader, ModelCard, ModelFile, Operation, Parameters, Preset, boolean, choice,
    hookimpl, integer, model, number, picture, text,
)

api_version = 1


class Invert(Parameters):
    strength: float = number(1.0, minimum=0, maximum=1, help="0 leaves the picture as it is")


class Everything(Parameters):
    scale: float = number(2.0, minimum=1, maximum=8, step=0.5, unit="x")
    steps: int = integer(20, minimum=1, maximum=100)
    kind: Literal["soft", "hard"] = choice("soft", {"soft": "Softly"})
    words: str = text("", maximum_length=5)
    tidy: bool = boolean(True)
    reference: str | None = picture()
    model: str | None = model("testing")
    overlap: int = integer(32, minimum=0, maximum=128, advanced=True)


class Nothing(Parameters):
    pass


class Noise(Parameters):
    prompt: str = text("")
    height: int = integer(5, minimum=1, maximum=100)
    pattern: str | None = picture()


@hookimpl
def operations():
    half = Preset("Half", {"strength": 0.5})
    return [
        Operation("tiny.invert", "Invert", "Adjust", "Dark to light", Invert, ".engine:invert",
                  presets=(half,), keywords=("contrary",)),
        Operation("tiny.double", "Double", "Enhance", "Twice the size", Nothing, ".engine:double",
                  output="canvas", output_size=lambda p, w, h: (2 * w, 2 * h)),
        Operation("tiny.many", "Variations", "Adjust", "Three at once", Everything,
                  ".engine:many"),
        Operation("tiny.slow", "Slow", "Adjust", "Takes long", Nothing, ".engine:slow",
                  preview=False),
        Operation("tiny.fail", "Fail", "Adjust", "Always fails", Nothing, ".engine:fail"),
        Operation("tiny.make", "Make", "Generate", "From nothing", Nothing, ".engine:make",
                  input="none", output="document"),
        Operation("tiny.noise", "Noise", "Generate", "Another one each time", Noise,
                  ".engine:noise", input="none", output="document", provenance="generated"),
    ]


@hookimpl
def model_cards():
    path = Path(__file__).parent / "net.safetensors"
    data = path.read_bytes()
    file = ModelFile(name=path.name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
    return [ModelCard(id="tiny-net", title="Tiny net", task="testing", architecture="Tiny",
                      format="safetensors", source=f"file:{path}", files=(file,),
                      licence="CC0-1.0", origin="made for the test")]


@hookimpl
def checkpoint_loaders():
    return [CheckpointLoader("tiny", "Tiny", "testing", (".safetensors",), ".engine:recognise")]
"""
ENGINE = """
import time

import torch

from studio.api import Recognised


def invert(pixels, mask, parameters, context):
    return pixels + (1 - 2 * pixels) * parameters.strength


def double(pixels, mask, parameters, context):
    return context.tiled(
        lambda x: torch.nn.functional.interpolate(x, scale_factor=2), pixels, scale=2, tile=64
    )


def many(pixels, mask, parameters, context):
    return [1 - pixels, pixels.flip(1), pixels * 0.5]


def slow(pixels, mask, parameters, context):
    for step in range(6000):
        context.progress(step / 6000, f"Step {step}")
        time.sleep(0.005)
    return pixels


def fail(pixels, mask, parameters, context):
    raise ValueError("the flux capacitor is missing")


def make(parameters, context):
    return torch.full((1, 3, 20, 30), 0.5)


def noise(parameters, context):
    return torch.rand(1, 3, parameters.height, 8)


def recognise(paths):
    return Recognised("Tiny")
"""


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    """A folder of dropped-in plugins: one that works and one that does not."""
    folder = tmp_path / "plugins"
    for name, files in {
        "tiny": {"__init__.py": DECLARATIONS, "engine.py": ENGINE},
        "broken": {"__init__.py": "raise RuntimeError('no luck today')"},
    }.items():
        (folder / name).mkdir(parents=True)
        for file, content in files.items():
            (folder / name / file).write_text(textwrap.dedent(content))
    tensors = {"weight": np.zeros((3, 3), np.float32)}
    safetensors.numpy.save_file(tensors, folder / "tiny" / "net.safetensors")
    return folder


@pytest.fixture
def services(tmp_path: Path, plugins: Path) -> Iterator[Services]:
    """The host's services in folders of the test."""
    made = build_services(tmp_path / "config", plugins, tmp_path / "models")
    yield made
    assert made.jobs.close(10)


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    """The dark theme."""
    return Theme(qapp, "dark")


@pytest.fixture
def window(qtbot: QtBot, services: Services, theme: Theme) -> Iterator[MainWindow]:
    """The window, shown, with nothing open."""
    made = MainWindow(services, theme)
    made.show()
    qtbot.waitExposed(made)
    yield made
    for entry in made.session.entries:
        entry.document.mark_saved()
    made.close()
    made.deleteLater()
    qtbot.wait(1)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A small picture file with every value in it."""
    values = np.arange(40 * 60 * 3, dtype=np.uint32).reshape(40, 60, 3) % 251
    path = tmp_path / "photo.png"
    Image.fromarray(values.astype(np.uint8)).save(path)
    return path


@pytest.fixture
def opened(qtbot: QtBot, window: MainWindow, photo: Path) -> MainWindow:
    """The window with the picture open."""
    window.open(photo)
    qtbot.waitUntil(lambda: window.session.document is not None)
    return window


Choose = Callable[[MainWindow, str], None]


@pytest.fixture
def run_to_result(qtbot: QtBot) -> Choose:
    """Chooses an operation, runs it and waits for its overlay."""

    def run(window: MainWindow, operation: str) -> None:
        window.tools.choose_id(operation)
        window.tools.request_run()
        qtbot.waitUntil(lambda: window.canvas.overlay is not None, timeout=20_000)

    return run
