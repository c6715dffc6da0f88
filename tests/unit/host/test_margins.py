"""Operations that grow the canvas: what they are given, what is refused, what becomes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.api import Margins, UserError
from studio.document import Document, Raster, Rect, composite
from studio.files.profiles import wide_gamut_profile
from studio.host.models import ModelStore
from studio.host.plugins import discover
from studio.host.requests import RunRequest
from studio.host.runs import Runner

PLUGIN = """
import torch
from studio.api import (
    Margins, Operation, Parameters, Pixels, UserError, hookimpl, integer, text
)
api_version = 1
given = []

class P(Parameters):
    left: int = integer(0, minimum=0, maximum=1000000)
    top: int = integer(0, minimum=0, maximum=1000000)
    right: int = integer(0, minimum=0, maximum=1000000)
    bottom: int = integer(0, minimum=0, maximum=1000000)
    overlap: int = integer(0, minimum=0, maximum=1000000)
    how: str = text("")

def sides(p, width, height):
    if p.how == "refuse":
        raise UserError("Not like this.", "Like that.")
    if p.how == "broken":
        return 1 / 0
    if p.how == "negative":
        return Margins(-1, 0, 0, 0)
    return Margins(p.left, p.top, p.right, p.bottom, p.overlap)

def around(pixels, mask, parameters, context):
    p = parameters
    given.append((pixels.clone(), mask.clone(), context.alpha))
    context.progress(0.5, "Half", torch.full_like(pixels, 0.25))
    color = torch.rand_like(pixels)
    if p.how == "small":
        return color[:, :, 1:]
    if p.how == "alpha":
        return Pixels(color, torch.full_like(color[:, :1], 0.5), "Half")
    if p.how == "two":
        return [color, Pixels(1 - color, title="Other")]
    return color

common = dict(title="Grow", menu="T", help="t.", parameters=P, function=":around")

@hookimpl
def operations():
    return [Operation("grow.around", input="visible", output="margins", selection="ignored",
                      preview=False, margins=sides, **common)]
"""


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    folder = tmp_path_factory.mktemp("plugins")
    (folder / "grow.py").write_text(PLUGIN)
    registry = discover(folder)
    store = ModelStore(folder / "m", folder / "b", ())
    return Runner(registry, store, max_pixels=1_000_000)


def run(runner: Runner, picture, observer=None, **parameters):
    request = RunRequest("grow.around", parameters, picture, seed=3, device="cpu")
    return runner.execute(request, observer)


def seen(runner: Runner):
    return runner.registry.plugin_of("grow.around").module.given[-1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(
    sides=st.tuples(*[st.integers(0, 60)] * 4).filter(any),
    overlap=st.integers(0, 5),
    dtype=st.sampled_from([np.uint8, np.uint16]),
    layers=st.integers(1, 3),
)
def test_the_picture_is_where_it_was_and_the_rest_is_new(
    runner, random_picture, sides, overlap, dtype, layers
):
    picture = random_picture(7, 11, dtype, layers=layers)
    left, top, right, bottom = sides
    result = run(runner, picture, left=left, top=top, right=right, bottom=bottom, overlap=overlap)

    margins = Margins(*sides, overlap)
    assert result.margins == margins
    assert result.size == margins.size(11, 7)
    document = Document(picture)
    document.apply(result.title, result.edit(), result.record)
    after = document.picture
    assert after.bounds == Rect(0, 0, *result.size)
    old = Rect(left, top, 11, 7)
    for was, layer in zip(picture.layers, after.layers[:-1], strict=True):
        assert np.array_equal(layer.raster.read(old), was.raster.read(picture.bounds))
    new = after.layers[-1]
    assert (new.name, after.active) == ("Grow", new.id)
    alpha = new.raster.read(after.bounds)[..., 3]
    outside = np.ones(alpha.shape, bool)
    outside[top : top + 7, left : left + 11] = False
    assert (alpha[outside] == np.iinfo(dtype).max).all()
    if not overlap:
        assert not alpha[~outside].any()
        assert np.array_equal(composite(after)[top : top + 7, left : left + 11], composite(picture))
    document.undo()
    assert document.picture is picture
    document.redo()
    assert document.picture is after


def test_the_function_is_given_the_larger_canvas_and_what_of_it_is_new(runner, random_picture):
    picture = random_picture(6, 8, opaque=True)
    run(runner, picture, left=3, bottom=2, overlap=2)
    pixels, mask, alpha = seen(runner)
    assert tuple(pixels.shape) == (1, 3, 8, 11)
    assert tuple(mask.shape) == (1, 1, 8, 11)
    known = composite(picture)[..., :3] / np.float32(255)
    assert np.array_equal(pixels[0, :, :6, 3:].permute(1, 2, 0).numpy(), known)
    assert not pixels[:, :, 6:].any()
    assert not pixels[:, :, :, :3].any()
    assert (mask[:, :, 6:] == 1).all()
    assert (mask[:, :, :, :3] == 1).all()
    assert not mask[:, :, :4, 5:].any()
    assert ((mask[:, :, 5, 3:] > 0) & (mask[:, :, 5, 3:] < 1)).all()
    assert alpha is None

    picture = random_picture(6, 8)
    run(runner, picture, left=3, bottom=2)
    _, _, alpha = seen(runner)
    assert not alpha[:, :, 6:].any()
    assert not alpha[:, :, :, :3].any()
    known = composite(picture)[..., 3] / np.float32(255)
    assert np.array_equal(alpha[0, 0, :6, 3:].numpy(), known)


def test_a_transparency_of_its_own_counts_in_the_margins_alone(runner, random_picture):
    result = run(runner, random_picture(6, 8), left=4, how="alpha")
    after = result.after()
    alpha = after.layers[-1].raster.read(after.bounds)[..., 3]
    assert (after.layers[-1].name, set(np.unique(alpha[:, :4]))) == ("Half", {128})
    assert not alpha[:, 4:].any()


def test_a_file_gets_one_layer_with_every_pixel_as_it_was(runner, random_picture):
    picture = random_picture(9, 8, np.uint16, icc=wide_gamut_profile())
    result = run(runner, picture, top=5, right=2)
    flat = result.flat()
    assert len(flat.layers) == 1
    assert flat.icc == picture.icc
    pixels = composite(flat)
    assert pixels.dtype == np.uint16
    assert np.array_equal(pixels[5:, :8], composite(picture))
    assert (pixels[:5, :, 3] == 65535).all()
    assert np.array_equal(pixels[:5], result.images[0].pixels[:5])

    faded = run(runner, picture, top=5, overlap=4).flat()
    assert np.array_equal(composite(faded)[9:], composite(picture)[4:])
    assert not np.array_equal(composite(faded)[5], composite(picture)[0])


def test_selections_move_along_and_are_no_mask(runner, random_picture):
    selection = np.zeros((9, 8), np.uint8)
    selection[2:5, 1:3] = 200
    result = run(runner, random_picture(9, 8, selection=selection), left=10, top=1)
    moved = result.after().selection
    assert isinstance(moved, Raster)
    assert np.array_equal(moved.read(Rect(10, 1, 8, 9))[..., 0], selection)


def test_variations_are_layers_to_choose_from(runner, random_picture):
    result = run(runner, random_picture(5, 5), right=5, how="two")
    assert result.variations == 2
    names = [result.after(number).layers[-1].name for number in range(2)]
    assert names == ["Grow", "Other"]


def test_previews_lie_over_the_larger_canvas(runner, random_picture, recorder):
    observer = recorder()
    run(runner, random_picture(6, 8), observer, left=4, bottom=2)
    (tile,) = observer.tiles
    assert tile.area == Rect(-4, 0, 12, 8)
    assert tile.size == (12, 8)
    assert not tile.pixels[:6, 4:, 3].any()
    assert (tile.pixels[6:, :, 3] == 255).all()


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({}, "add nothing"),
        ({"how": "refuse"}, "Not like this"),
        ({"how": "broken"}, "cannot tell how far"),
        ({"how": "negative"}, "are its margins"),
        ({"left": 1, "how": "small"}, "wrong shape"),
        ({"left": 200_000}, "megapixels"),
    ],
)
def test_what_is_refused(runner, random_picture, parameters, match):
    with pytest.raises(UserError, match=match) as caught:
        run(runner, random_picture(6, 8), **parameters)
    assert caught.value.hint


def test_a_part_cannot_grow(runner, random_picture):
    request = RunRequest(
        "grow.around", {"left": 1}, random_picture(6, 8), region=Rect(0, 0, 3, 3), device="cpu"
    )
    with pytest.raises(UserError, match="whole picture"):
        runner.execute(request)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ("margins=sides, ", "needs a function margins"),
        ("preview=False", "no preview of a part"),
        ('selection="ignored"', "selection ignored"),
        ('input="visible"', "input visible"),
        ('output="margins"', "must be margins"),
    ],
)
def test_declarations_that_do_not_fit(tmp_path: Path, change, match):
    head, tail = PLUGIN.rsplit("return", 1)
    tail = tail.replace(change, "") if change.endswith(" ") else tail.replace(change, "keywords=()")
    (tmp_path / "grow.py").write_text(f"{head}return{tail}")
    (failure,) = [f for f in discover(tmp_path).failures if f.name == "grow"]
    assert match in failure.message
