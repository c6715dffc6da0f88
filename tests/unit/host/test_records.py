"""Records of runs: what they say of models, of what was generated, and of places on the computer."""

from __future__ import annotations

import hashlib
import textwrap

import numpy as np
import pytest
import safetensors.numpy

from studio.document import Picture
from studio.host.requests import RunRequest
from studio.host.services import build_services

PLUGIN = """
import hashlib
from pathlib import Path

import torch

from studio.api import ModelCard, ModelFile, Operation, Parameters, hookimpl

api_version = 1
KINDS = {"new": ("none", "document", "generated"), "added": ("none", "layers", "generated"),
         "filled": ("layer", "region", "composite"), "sharp": ("layer", "region", "enhanced"),
         "plain": ("layer", "region", "none")}


@hookimpl
def operations():
    return [
        Operation(f"made.{name}", name, "Test", "A test.", Parameters,
                  ":generate" if kind[0] == "none" else ":change",
                  input=kind[0], output=kind[1], provenance=kind[2])
        for name, kind in KINDS.items()
    ]


@hookimpl
def model_cards():
    path = Path(__file__).with_suffix(".safetensors")
    data = path.read_bytes()
    file = ModelFile(name=path.name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
    return [ModelCard(id="noise", title="Noise", task="testing", architecture="Tiny",
                      format="safetensors", source=f"file:{path}", files=(file,),
                      licence="CC0-1.0", origin="made for the test")]


def generate(parameters, context):
    def load():
        context.files("noise")
        return torch.nn.Conv2d(1, 3, 1)

    return context.network("made", load)(torch.rand(1, 1, 4, 5)).sigmoid()


def change(pixels, mask, parameters, context):
    return 1 - pixels
"""


@pytest.fixture
def services(tmp_path):
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "made.py").write_text(textwrap.dedent(PLUGIN))
    safetensors.numpy.save_file({"w": np.zeros(2, np.float32)}, folder / "made.safetensors")
    made = build_services(tmp_path / "config", folder, tmp_path / "models")
    yield made
    assert made.jobs.close(10)


def record(services, name, picture=None):
    return services.runner.execute(RunRequest(f"made.{name}", {}, picture)).record


def test_a_network_from_the_cache_is_recorded_like_a_new_one(services, tmp_path):
    data = (tmp_path / "plugins" / "made.safetensors").read_bytes()
    expected = {"noise": hashlib.sha256(data).hexdigest()}
    assert record(services, "new")["models"] == expected
    assert record(services, "new")["models"] == expected


@pytest.mark.parametrize(
    ("name", "on_picture", "said"),
    [
        ("new", False, "generated"),
        ("new", True, "generated"),
        ("added", False, "generated"),
        ("added", True, "composite"),
        ("filled", True, "composite"),
        ("sharp", True, "enhanced"),
        ("plain", True, None),
    ],
)
def test_what_a_record_says_a_model_did(services, name, on_picture, said):
    picture = Picture.from_pixels(np.zeros((4, 5, 4), np.uint8)) if on_picture else None
    assert record(services, name, picture).get("provenance") == said


def test_whatever_runs_a_bundled_model_says_so(services):
    """A plugin of ours that asks for a model and says nothing of it would leave files unmarked."""
    from studio.api.parameters import describe

    silent = [
        operation.id
        for operation in services.registry.operations()
        if operation.provenance == "none"
        and any(spec.kind == "model" for spec in describe(operation.parameters))
    ]
    assert silent == []
    menus = {o.provenance for o in services.registry.operations() if o.id.startswith("sampling.")}
    assert menus <= {"generated", "composite"}
