from __future__ import annotations

import json
import threading

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.api import Cancelled, PluginError, UserError
from studio.document import Document, Picture, Rect, composite
from studio.document.edits import rescale

SOURCE = """
    def noise(pixels, mask, parameters, context):
        return torch.rand_like(pixels)

    def vandal(pixels, mask, parameters, context):
        '''Writes into everything it was given.'''
        if mask is not None:
            mask.fill_(1)
        if context.alpha is not None:
            context.alpha.zero_()
        pixels.copy_(torch.rand_like(pixels))
        return pixels

    def blur(pixels, mask, parameters, context):
        return context.tiled(lambda x: F.avg_pool2d(x, 5, 1, 2, count_include_pad=False), pixels)

    def alpha(pixels, mask, parameters, context):
        return Pixels(pixels, torch.zeros_like(pixels[:, :1]))

    def sees(pixels, mask, parameters, context):
        calls.append((pixels.shape, None if mask is None else mask.shape, context.alpha is None))
        return pixels

    def grow(pixels, mask, parameters, context):
        calls.append((pixels.shape, mask))
        return Pixels(F.interpolate(pixels, scale_factor=2), None if context.alpha is None
                      else F.interpolate(context.alpha, scale_factor=2))

    def uneven(pixels, mask, parameters, context):
        calls.append(1)
        return F.interpolate(pixels, scale_factor=len(calls))

    def several(pixels, mask, parameters, context):
        return [Pixels(torch.full_like(pixels, v), title=f"{v}") for v in (0.2, 0.4, 0.6)]

    def dice(parameters, context):
        return torch.rand(1, 3, 4, 5)

    def outer(pixels, mask, parameters, context):
        inverted = context.run("t.invert", pixels, mask)
        return context.run("t.scaled", inverted, mask, value=0.5)

    def inner(pixels, mask, parameters, context):
        calls.append(None if context.alpha is None else tuple(context.alpha.shape))
        return pixels

    def pieces(pixels, mask, parameters, context):
        context.run("t.inner", pixels[..., :5, :7], None)
        return context.run("t.inner", pixels, mask)

    def scaled(pixels, mask, parameters, context):
        context.note(f"scaled by {parameters.value}")
        return pixels * parameters.value

    def astray(pixels, mask, parameters, context):
        return context.run(parameters.name, pixels, mask, name=parameters.name)

    def returns(pixels, mask, parameters, context):
        h, w = pixels.shape[2:]
        return {
            "none": lambda: None,
            "text": lambda: "a picture",
            "array": lambda: pixels.numpy(),
            "empty": lambda: [],
            "gray": lambda: pixels[:, :1],
            "flat": lambda: pixels[0],
            "small": lambda: pixels[:, :, 1:, :],
            "bytes": lambda: (pixels * 255).to(torch.uint8),
            "alpha": lambda: Pixels(pixels, pixels),
            "alpha bytes": lambda: Pixels(pixels, torch.zeros(1, 1, h, w, dtype=torch.uint8)),
            "alpha nan": lambda: Pixels(pixels, pixels[:, :1] * float("nan")),
            "array inside": lambda: Pixels(pixels.numpy()),
        }[parameters.name]()

    def bright16(pixels, mask, parameters, context):
        return torch.ones_like(pixels, dtype=torch.float16)

    def fails(pixels, mask, parameters, context):
        raise {
            "user": UserError("The moon is full.", "Wait a day."),
            "key": KeyError("missing"),
            "runtime": RuntimeError("shape mismatch"),
            "recursion": RecursionError("too deep"),
            "cancelled": Cancelled(),
        }[parameters.name]

    class Deep(nn.Module):
        '''Sixty layers; the fifth waits until the test has cancelled.'''

        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList(nn.Conv2d(3, 3, 1) for _ in range(60))

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
                calls.append(1)
                if len(calls) == 5:
                    events["inside"].set()
                    events["cancelled"].wait(20)
            return x

    def deep(pixels, mask, parameters, context):
        try:
            return context.tiled(context.prepare(Deep()), pixels)
        finally:
            events["out"].set()

    def seed(pixels, mask, parameters, context):
        calls.append((context.seed, torch.initial_seed()))
        return pixels

    def exact(pixels, mask, parameters, context):
        calls.append((context.dtype, torch.get_float32_matmul_precision()))
        return pixels
"""
PLAIN = ("noise", "vandal", "blur", "alpha", "several", "outer", "scaled", "astray", "returns")
PLAIN += ("fails", "deep", "seed", "exact", "bright16", "inner", "pieces")
OPERATIONS = {
    **{name: {} for name in PLAIN},
    "sees": {"context_pixels": 4},
    "looks": {},
    "grow": {"output": "canvas", "context_pixels": 4},
    "uneven": {"output": "canvas"},
    "dice": {"input": "none", "output": "document"},
}  # fmt: skip
OPERATIONS["looks"] = {"input": "visible", "context_pixels": 0}
SOURCE += """
    looks = sees
"""


@pytest.fixture
def probe(host):
    return host(SOURCE, **OPERATIONS)


@pytest.fixture(scope="module")
def shared_probe(tmp_path_factory):
    """One host for all examples of a property."""
    from studio.host.models import ModelStore
    from studio.host.plugins import discover
    from studio.host.requests import RunRequest
    from studio.host.runs import Runner

    folder = tmp_path_factory.mktemp("plugins")
    (folder / "property_probe.py").write_text(
        """
import torch
from studio.api import Operation, Parameters, hookimpl
api_version = 1

def vandal(pixels, mask, parameters, context):
    mask.fill_(1)
    pixels.copy_(torch.rand_like(pixels))
    return pixels

def same(pixels, mask, parameters, context):
    return pixels

@hookimpl
def operations():
    return [Operation(f"p.{n}", n, "T", "t.", Parameters, f":{n}") for n in ("vandal", "same")]
"""
    )
    runner = Runner(discover(folder), ModelStore(folder / "m", folder / "b", ()))
    return lambda name, picture, **fields: runner.execute(
        RunRequest(f"p.{name}", picture=picture, device="cpu", **fields)
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    region=st.none() | st.tuples(*[st.integers(-10, 50)] * 2, *[st.integers(1, 80)] * 2),
)
def test_pixels_outside_the_mask_keep_every_bit(
    shared_probe, random_picture, dtype, seed, height, width, region
):
    rng = np.random.default_rng(seed)
    selection = rng.choice(np.array([0, 0, 0, 1, 100, 255], np.uint8), (height, width))
    picture = random_picture(height, width, dtype, seed=seed, selection=selection)
    rect = picture.bounds
    if region is not None:
        rect = Rect(*region).intersected(rect)
        if rect.empty:
            return

    result = shared_probe("vandal", picture, region=region and Rect(*region))
    document = Document(picture)
    document.apply(result.title, result.edit())

    before = picture.layers[0].raster.read(picture.bounds)
    after = document.picture.layers[0].raster.read(picture.bounds)
    writable = np.zeros((height, width), bool)
    writable[rect.y : rect.bottom, rect.x : rect.right] = True
    writable &= selection > 0
    assert np.array_equal(after[~writable], before[~writable])
    assert np.array_equal(after[..., 3], before[..., 3])
    full = writable & (selection == 255)
    if full.sum() > 20:
        assert not np.array_equal(after[full], before[full])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_operation_that_changes_nothing_changes_nothing(probe, random_picture, dtype):
    for selection in (None, np.full((40, 60), 255, np.uint8)):
        document = Document(random_picture(dtype=dtype, selection=selection))
        result = probe.run("same", document.picture)
        assert not document.apply(result.title, result.edit())
        assert result.images[0].pixels.dtype == dtype


@pytest.mark.parametrize(("dtype", "levels"), [(np.uint8, 1), (np.uint16, 8)])
def test_a_profile_with_another_curve_survives_a_run(probe, random_picture, dtype, levels):
    import imagecodecs

    picture = random_picture(dtype=dtype, icc=imagecodecs.cms_profile("adobergb"))
    pixels = np.maximum(picture.layers[0].raster.read(picture.bounds), np.iinfo(dtype).max // 256)
    picture = Picture.from_pixels(pixels, icc=picture.icc)
    after = probe.run("same", picture).after()

    difference = np.abs(after.layers[0].raster.read(picture.bounds).astype(int) - pixels)
    assert difference.max() <= levels
    assert after.icc == picture.icc


def test_previews_are_in_the_documents_profile(host, random_picture, recorder):
    import imagecodecs

    probe, observer = host(SOURCE, **OPERATIONS), recorder()
    picture = random_picture(icc=imagecodecs.cms_profile("adobergb"))
    result = probe.run("blur", picture, observer)

    [tile] = observer.tiles
    difference = np.abs(tile.pixels.astype(int) - result.images[0].pixels[..., :3])
    assert difference.max() <= 1


def test_a_new_alpha_is_taken_and_the_old_one_kept_otherwise(probe, random_picture):
    picture = random_picture()
    before = picture.layers[0].raster.read(picture.bounds)

    kept = probe.run("vandal", picture).after().layers[0].raster.read(picture.bounds)
    assert np.array_equal(kept[..., 3], before[..., 3])
    taken = probe.run("alpha", picture).after().layers[0].raster.read(picture.bounds)
    assert (taken[..., 3] == 0).all()


def test_a_try_of_a_local_operation_equals_the_whole(probe, random_picture):
    picture = random_picture(90, 110, opaque=True)
    whole = probe.run("blur", picture).after().layers[0].raster

    for region in (Rect(20, 30, 40, 25), Rect(-5, 80, 30, 30), Rect(0, 0, 500, 500)):
        result = probe.run("blur", picture, region=region)
        inside = region.intersected(picture.bounds)
        [image] = result.images
        assert (image.x, image.y) == (inside.x, inside.y)
        assert np.array_equal(image.pixels, whole.read(inside))
        after = result.after()
        assert np.array_equal(after.layers[0].raster.read(inside), whole.read(inside))


def test_a_region_brings_the_surroundings_it_needs(probe, random_picture):
    selection = np.full((40, 60), 255, np.uint8)
    probe.run("sees", random_picture(selection=selection), region=Rect(10, 2, 20, 10))
    assert probe.module.calls == [((1, 3, 16, 28), (1, 1, 16, 28), False)]


def test_input_is_the_layer_or_what_shows(probe, random_picture):
    picture = random_picture(layers=2)
    low = picture.layers[0]

    of_layer = probe.run("sees", picture, layer=low.id)
    assert of_layer.images[0].layer == low.id
    assert np.array_equal(of_layer.images[0].pixels, low.raster.read(picture.bounds))
    visible = probe.run("looks", picture)
    assert visible.images[0].layer is None
    assert np.abs(visible.images[0].pixels.astype(int) - composite(picture)).max() == 0
    assert len(visible.after().layers) == 3


def test_a_lone_layer_takes_the_result_of_what_shows(probe, random_picture):
    picture = random_picture()
    assert probe.run("looks", picture).images[0].layer == picture.layers[0].id
    faded = picture.with_layer(picture.layers[0].replaced(opacity=0.5))
    assert probe.run("looks", faded).images[0].layer is None


def test_enlarging_runs_every_layer(probe, random_picture, recorder):
    selection = np.full((20, 30), 255, np.uint8)
    picture = random_picture(20, 30, layers=3, selection=selection)
    observer = recorder()
    result = probe.run("grow", picture, observer)

    assert probe.module.calls == [((1, 3, 20, 30), None)] * 3
    assert result.size == (60, 40)
    after = result.after()
    assert (after.width, after.height) == (60, 40)
    for old, new in zip(picture.layers, after.layers, strict=True):
        expected = old.raster.read(picture.bounds).repeat(2, 0).repeat(2, 1)
        assert np.array_equal(new.raster.read(after.bounds), expected)
    assert after.selection.read(after.bounds).all()


def test_a_try_of_an_enlargement_sees_no_selection_either(probe, random_picture):
    selection = np.zeros((20, 30), np.uint8)
    probe.run("grow", random_picture(20, 30, selection=selection), region=Rect(0, 0, 10, 10))
    assert probe.module.calls == [((1, 3, 14, 14), None)]


def test_layers_that_come_out_in_different_sizes_are_the_plugins_fault(probe, random_picture):
    with pytest.raises(PluginError, match="different sizes"):
        probe.run("uneven", random_picture(layers=2))


def test_several_results_can_be_chosen_from(probe, random_picture):
    picture = random_picture()
    result = probe.run("several", picture)

    assert result.variations == 3
    for number, value in enumerate((51, 102, 153)):
        after = result.after(number).layers[0].raster.read(picture.bounds)
        assert (after[..., :3] == value).all()
        assert result.variants[number][0].title == f"{value / 255:.1f}"


def test_no_picture_is_needed_where_none_is_asked_for(probe):
    result = probe.run("dice", seed=7)
    assert result.images[0].pixels.shape == (4, 5, 4)
    assert (result.images[0].pixels[..., 3] == 255).all()
    assert result.after().layers[0].name == "Dice"


def test_the_same_seed_gives_the_same_result_and_disturbs_nobody(probe, random_picture):
    picture = random_picture()
    torch.manual_seed(99)
    expected = torch.rand(3)
    torch.manual_seed(99)

    results = [probe.run("noise", picture, seed=seed).images[0].pixels for seed in (1, 1, 2, 2**63)]

    assert torch.equal(torch.rand(3), expected)
    assert np.array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])
    probe.run("seed", picture, seed=12)
    assert probe.module.calls == [(12, 12)]


def test_the_record_tells_how_it_came_about(probe, random_picture, half):
    result = probe.run("scaled", random_picture(), parameters={"value": 0.5}, seed=3)

    record = json.loads(json.dumps(result.record))
    assert record["operation"] == "t.scaled"
    assert record["parameters"] == {"name": "", "value": 0.5, "count": 1}
    assert record["seed"] == 3
    assert record["device"] == "cpu"
    assert record["precision"] == str(half).removeprefix("torch.")
    assert record["plugin"].startswith("probe")
    assert result.notes == ("scaled by 0.5",)
    assert result.seconds > 0


def test_exact_runs_compute_exactly_and_restore_what_was_set(probe, random_picture):
    probe.run("exact", random_picture(), precision="float32")
    probe.run("exact", random_picture())
    probe.run("exact", random_picture(), precision="float32")
    exact = (torch.float32, "highest")
    assert probe.module.calls[0] == probe.module.calls[2] == exact
    assert probe.module.calls[1][1] == "medium"


def test_an_inner_operation_sees_the_alpha_of_its_own_pixels_only(probe, random_picture):
    probe.run("pieces", random_picture(40, 60))
    assert probe.module.calls == [None, (1, 1, 40, 60)]


def test_operations_can_run_others(probe, random_picture):
    picture = random_picture()
    result = probe.run("outer", picture)

    before = picture.layers[0].raster.read(picture.bounds)[..., :3]
    after = result.after().layers[0].raster.read(picture.bounds)[..., :3]
    assert np.abs(after - (255 - before.astype(float)) / 2).max() <= 0.5
    assert result.notes == ("scaled by 0.5",)
    with pytest.raises(UserError, match="no operation t.nothing"):
        probe.run("astray", picture, parameters={"name": "t.nothing"})
    with pytest.raises(PluginError, match="RecursionError"):
        probe.run("astray", picture, parameters={"name": "t.astray"})


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("none", "NoneType"),
        ("text", "str"),
        ("array", "ndarray"),
        ("empty", "nothing"),
        ("gray", r"1 x 3 x 40 x 60, got \(1, 1, 40, 60\)|1 x 3 x H x W, got \(1, 1, 40, 60\)"),
        ("flat", r"got \(3, 40, 60\)"),
        ("small", r"1 x 3 x 40 x 60, got \(1, 3, 39, 60\)"),
        ("bytes", "torch.uint8"),
        ("alpha", r"alpha of 1 x 1 x 40 x 60, got \(1, 3, 40, 60\)"),
        ("alpha bytes", "torch.uint8"),
        ("alpha nan", "not numbers"),
        ("array inside", "ndarray"),
    ],
)
def test_what_is_no_picture_is_the_plugins_fault(probe, random_picture, what, message):
    with pytest.raises(PluginError, match=message):
        probe.run("returns", random_picture(), parameters={"name": what})


def test_half_precision_pixels_are_a_picture(probe, random_picture):
    """A sum of so many ones overflows in float16."""
    result = probe.run("bright16", random_picture(200, 200))
    assert (result.images[0].pixels[..., :3] == 255).all()
    assert result.notes == ()


def test_what_a_plugin_raises_comes_with_its_traceback(probe, random_picture):
    for what, kind in (("key", KeyError), ("runtime", RuntimeError), ("recursion", RecursionError)):
        with pytest.raises(PluginError, match=kind.__name__) as caught:
            probe.run("fails", random_picture(), parameters={"name": what})
        assert isinstance(caught.value.__cause__, kind)
        assert caught.value.__cause__.__traceback__ is not None
        assert "probe" in caught.value.hint


def test_what_a_plugin_tells_the_user_is_told(probe, random_picture):
    with pytest.raises(UserError, match="moon is full") as caught:
        probe.run("fails", random_picture(), parameters={"name": "user"})
    assert not isinstance(caught.value, PluginError)
    with pytest.raises(Cancelled):
        probe.run("fails", random_picture(), parameters={"name": "cancelled"})


def test_cancel_answers_inside_a_tile(probe, random_picture, recorder):
    asked = threading.Event()

    def cancel():
        probe.module.events["inside"].wait(20)
        asked.set()
        probe.module.events["cancelled"].set()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(Cancelled):
        probe.run("deep", random_picture(64, 64), recorder(asked.is_set))
    thread.join()

    assert len(probe.module.calls) == 5  # the sixth of sixty layers was not run
    assert probe.module.events["out"].is_set()


def test_a_cancelled_run_does_not_begin(probe, random_picture, recorder):
    with pytest.raises(Cancelled):
        probe.run("sees", random_picture(), recorder(lambda: True))
    assert probe.module.calls == []


def test_the_size_is_checked_against_the_present_picture(probe, random_picture):
    picture = random_picture()
    result = probe.run("noise", picture)
    with pytest.raises(UserError, match="another size"):
        result.edit()(rescale(9, 9, {})(picture))
