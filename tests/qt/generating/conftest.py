"""A window with a plugin that makes pictures of one color from nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from pytestqt.qtbot import QtBot

from studio.host.models import ModelStatus
from studio.qt.generating.area import GeneratingArea
from studio.qt.main_window import MainWindow
from studio.qt.panels.operation_page import OperationPage

DECLARATIONS = """
import hashlib
from pathlib import Path
from typing import Literal

from studio.api import (
    FollowUp, Folder, ModelCard, ModelFile, Operation, Parameters, Sketch, Trainer, boolean, choice,
    hookimpl, integer, model, number, only_when, option,
)

api_version = 1


def names(card):
    return card.extra.get("names", "").split()


class Make(Parameters):
    count: int = integer(1, minimum=1, maximum=64)
    patient: bool = boolean(False)


class Live(Parameters):
    mode: Literal["plain", "bright"] = choice("plain")
    level: float = number(0.5, minimum=0, maximum=1)
    more: float = only_when(number(0.1, minimum=0, maximum=1), mode="bright")
    depth: int = only_when(integer(1, minimum=0, maximum=9, advanced=True), mode="bright")
    label: str = option(names, sketch=Sketch("maker.live", {"level": 0.25}))
    count: int = integer(1, minimum=1, maximum=9)
    model: str | None = model("color")


class Bare(Parameters):
    model: str | None = model("nothing-comes-along")


@hookimpl
def operations():
    enlarge = FollowUp("tiny.double", "Enlarge")
    gone = FollowUp("absent.enlarge", "Not here")
    return [
        Operation("maker.make", "Make colors", "Generate", "Of one color", Make, ".engine:make",
                  input="none", output="layers", selection="ignored", seeded=True,
                  follow_ups=(enlarge, gone)),
        Operation("maker.live", "Live colors", "Generate", "At once", Live, ".engine:live",
                  input="none", output="document", selection="ignored", live=True, seeded=True,
                  follow_ups=(enlarge,)),
        Operation("maker.bare", "Bare", "Generate", "Without a model", Bare, ".engine:bare",
                  input="none", output="layers", selection="ignored"),
    ]


@hookimpl
def model_cards():
    path = Path(__file__).parent / "net.safetensors"
    data = path.read_bytes()
    file = ModelFile(name=path.name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
    return [
        ModelCard(id=name, title=name, task="color", architecture="Color", format="safetensors",
                  source=f"file:{path}", files=(file,), licence="CC0-1.0", origin="made for the test",
                  extra={"names": names})
        for name, names in (("colors", "red green"), ("grays", ""))
    ]


@hookimpl
def trainers():
    return [Trainer("maker.train", "Colors of your own", "Makes one", Bare, ".engine:bare",
                    (Folder("Pictures"),), "nothing-comes-along", "maker.bare")]
"""
ENGINE = """
import time

import torch

from studio.api import Pixels

COLORS = {"": (1.0, 1.0, 1.0), "red": (1.0, 0.0, 0.0), "green": (0.0, 1.0, 0.0)}


def filled(*color):
    return torch.tensor(color)[None, :, None, None].expand(1, 3, 12, 16).clone()


def make(parameters, context):
    if parameters.patient:
        for step in range(400):
            context.progress(step / 400, f"Step {step}", filled(0.25, 0.5, 0.75))
            time.sleep(0.005)
    # The seed can be read off the first: its last two digits.
    first = context.seed % 100 / 100
    return [
        Pixels(filled(first, number / 100, 0.0), None, f"Color {number}")
        for number in range(parameters.count)
    ]


def live(parameters, context):
    level = parameters.level + (parameters.more if parameters.mode == "bright" else 0)
    level = 1.0 if level > 1 else level
    color = [part * level for part in COLORS[parameters.label]]
    return [filled(*color[:2], number / 100) for number in range(parameters.count)]


def bare(parameters, context):
    context.card(parameters.model, "nothing-comes-along")
"""


@pytest.fixture
def plugins(plugins: Path) -> Path:
    """The maker beside the others."""
    folder = plugins / "maker"
    folder.mkdir()
    (folder / "__init__.py").write_text(DECLARATIONS)
    (folder / "engine.py").write_text(textwrap.dedent(ENGINE))
    tensors = {"weight": np.zeros((2, 2), np.float32)}
    safetensors.numpy.save_file(tensors, folder / "net.safetensors")
    return plugins


@pytest.fixture
def area(window: MainWindow) -> GeneratingArea:
    """The part of the window that is tested."""
    (found,) = (each for each in window.areas if isinstance(each, GeneratingArea))
    return found


Page = Callable[[str], OperationPage]


@pytest.fixture
def page(window: MainWindow) -> Page:
    """Opens the form of an operation of the maker."""

    def choose(name: str) -> OperationPage:
        window.tools.choose_id(f"maker.{name}")
        found = window.tools.page
        assert found is not None
        return found

    return choose


@pytest.fixture
def live(qtbot: QtBot, window: MainWindow, area: GeneratingArea, page: Page) -> OperationPage:
    """The live form, its first picture shown."""
    models = window.workspace.models
    models.fetch("colors")
    models.fetch("grays")
    here = (ModelStatus.CACHED, ModelStatus.CACHED)
    qtbot.waitUntil(lambda: (models.status("colors"), models.status("grays")) == here)
    made = page("live")
    made.form.controls["model"].set_value("colors")
    qtbot.waitUntil(lambda: area.maker.settled and bool(area.maker.images), timeout=20_000)
    return made
