"""The built-in styles, with a tiny network of 26 tints."""

from __future__ import annotations

import typing
from collections.abc import Callable

import numpy as np
import pytest
import torch

from studio.api import UserError, describe
from studio.document import composite
from studio_plugins.style_transfer.presets import TITLES, PresetStyle, Style
from studio_plugins.style_transfer.styles import PresetStyles, shares

MODEL = "tiny-presets"


def difference(a, b):
    return float(np.abs(a.astype(float) - b.astype(float)).mean())


@pytest.fixture
def tinted(run) -> Callable[..., np.ndarray]:
    def make(array, **parameters):
        result = run("style-transfer.presets", array, model=MODEL, **parameters)
        return composite(result.after())[..., :3]

    return make


def test_each_style_is_another(tinted, photo):
    array = photo()
    outs = [tinted(array, style=str(number)) for number in (0, 1, 13, 25)]
    assert all(out.shape == array.shape for out in outs)
    assert min(difference(a, b) for i, a in enumerate(outs) for b in outs[:i]) > 2


def test_two_are_blended_by_share(tinted, photo):
    array = photo()
    first, second = tinted(array, style="3"), tinted(array, style="8")
    blends = [tinted(array, style="3", second="8", share=s) for s in (0.0, 0.3, 0.7, 1.0)]
    assert np.array_equal(blends[0], first)
    assert np.array_equal(blends[3], second)
    distances = [difference(blend, first) for blend in blends]
    assert distances == sorted(distances)
    assert 0 < distances[1] < distances[2] < distances[3]


def test_strength_is_a_blend_with_the_picture(tinted, photo):
    array = photo()
    out = tinted(array, style="5")
    assert np.array_equal(tinted(array, style="5", strength=0.0), array)
    half = tinted(array, style="5", strength=0.5).astype(float)
    assert np.abs(half - (array.astype(float) + out) / 2).max() <= 1.01


def test_there_is_a_title_for_every_style():
    numbers = typing.get_args(Style)
    assert numbers == tuple(str(number) for number in range(26))
    assert TITLES.keys() == set(numbers)
    assert len(set(TITLES.values())) == 26
    spec = next(each for each in describe(PresetStyle) if each.name == "style")
    assert [each.title for each in spec.choices] == list(TITLES.values())


def test_shares_add_up_to_one():
    found = shares(4, [(1, 0.5), (3, 1.5)], torch.device("cpu"))
    assert found.tolist() == [[0, 0.25, 0, 0.75]]


def test_a_model_for_any_style_has_none_built_in(run, photo):
    with pytest.raises(UserError, match="no built-in styles"):
        run("style-transfer.presets", photo(), model="tiny-style")


def test_the_network_counts_its_styles(bundled):
    model = PresetStyles.load([bundled / "presets.onnx"])
    assert model.count == 26
    with pytest.raises(UserError, match="styles of its own"):
        model.encode(torch.zeros(1, 3, 32, 32))
