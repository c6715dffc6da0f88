"""Pictures from words and by class, through the host, with tiny networks of random weights."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from studio.api import Cancelled, ModelCard, ModelFile, UserError
from studio.document import Layer, Picture, Raster
from studio.host.models import ModelStore
from studio.host.observer import Observer
from studio.host.plugins import discover
from studio.host.requests import RunRequest
from studio.host.runs import Runner
from studio_plugins.sampling.painter import Design, Painter

SIZE = 16
SMALL = dict(size=SIZE, widths=(8, 16), blocks=(1, 1), words=16, depth=1, letters=8)


@pytest.fixture(autouse=True)
def _one_thread(_steady_torch):
    """Networks this small gain nothing from two, and wait for each other on a busy machine."""
    torch.set_num_threads(1)


def painter(**more):
    torch.manual_seed(4)
    network = Painter(Design(**SMALL, **more))
    for name, weight in network.named_parameters():
        if weight.dim() > 1 and "table" not in name:
            torch.nn.init.normal_(weight, std=1.5 / weight[0].numel() ** 0.5)
    return network.eval()


def card_of(name, task, network, folder):
    path = folder / f"{name}.safetensors"
    save_file(network.state_dict(), path)
    data = path.read_bytes()
    file = ModelFile(name=path.name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
    return ModelCard(
        id=name,
        title=name.capitalize(),
        task=task,
        architecture="Painter",
        format="safetensors",
        source=f"bundled:{path.name}",
        files=(file,),
        licence="Apache-2.0",
        origin="made for the test",
        extra={"design": network.design.text()},
    )


@pytest.fixture(scope="module", params=["pixels", "latents"])
def runner(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundled")
    where = {"codec": (8, 8), "latent": 3} if request.param == "latents" else {}
    cards = [
        card_of("words", "text-to-picture", painter(styles=("flat", "line"), **where), folder),
        card_of("kinds", "class-to-picture", painter(labels=("cat", "dog"), **where), folder),
        card_of("other", "text-to-picture", painter(styles=("flat",)), folder),
    ]
    cards[2] = cards[2].model_copy(update={"extra": {"design": Design().text()}})
    return Runner(discover(None), ModelStore(folder / "models", folder, cards))


@pytest.fixture
def run(runner):
    def paint(operation="text", picture=None, seed=7, observer=None, **parameters):
        given = {"steps": 3, **parameters}
        if operation in {"text", "redraw", "between"}:
            given.setdefault("prompt", "a red dog")
        request = RunRequest(
            f"sampling.{operation}", given, picture, seed=seed, device="cpu", precision="float32"
        )
        return runner.execute(request, observer or Observer())

    return paint


@pytest.fixture
def pixels(run):
    def found(operation="text", picture=None, **parameters):
        result = run(operation, picture, **parameters)
        return [images[0].pixels for images in result.variants]

    return found


def canvas(width=40, height=30, selected=None):
    random = np.random.default_rng(1)
    made = random.integers(0, 256, (height, width, 4), np.uint8)
    made[..., 3] = 255
    layer = Layer("drawing", Raster.from_array(made))
    mask = None
    if selected is not None:
        top, left, bottom, right = selected
        area = np.zeros((height, width, 1), np.uint8)
        area[top:bottom, left:right] = 255
        mask = Raster.from_array(area)
    return Picture(width, height, (layer,), layer.id, selection=mask)


def test_words_become_a_picture_with_transparency(run):
    result = run()
    (image,) = result.images
    assert image.pixels.shape == (SIZE, SIZE, 4)
    assert image.pixels[..., 3].std() > 0
    assert image.title == "a red dog (7)"
    assert result.after().width == SIZE


@pytest.mark.parametrize("sampler", ["ddim", "dpm"])
def test_the_same_seed_gives_the_same_pixels(sampler, pixels):
    (first,), (second,) = pixels(sampler=sampler), pixels(sampler=sampler)
    assert np.array_equal(first, second)
    (other,) = pixels(sampler=sampler, seed=8)
    assert not np.array_equal(first, other)


def test_a_picture_does_not_depend_on_how_many_there_are(pixels):
    three = pixels(count=3)
    for number, picture in enumerate(three):
        assert np.array_equal(picture, pixels(seed=7 + number)[0])


def test_words_and_styles_matter(pixels):
    (plain,) = pixels()
    for change in ({"prompt": "a blue cat"}, {"style": "line"}, {"negative": "a cat"}):
        assert not np.array_equal(plain, pixels(**change)[0]), change


def test_guidance_of_one_is_what_the_network_predicts_for_the_prompt(pixels):
    plain = pixels(guidance=1)[0]
    assert np.array_equal(plain, pixels(guidance=1, negative="a cat")[0])
    assert not np.array_equal(plain, pixels(guidance=3)[0])


@pytest.mark.parametrize(
    "change", [{"to": "a blue cat"}, {"to_seed": 11}, {"to": "a blue cat", "to_seed": 11}]
)
def test_the_ends_of_a_strip_are_single_pictures(change, pixels):
    (strip,) = pixels("between", count=3, **change)
    assert strip.shape == (SIZE, 3 * SIZE, 4)
    first, middle, last = np.split(strip, 3, axis=1)
    assert np.array_equal(first, pixels()[0])
    prompt, seed = change.get("to", "a red dog"), change.get("to_seed", 7)
    assert np.array_equal(last, pixels(prompt=prompt, seed=seed)[0])
    assert not np.array_equal(middle, first)


def test_a_strip_needs_two_ends(run):
    with pytest.raises(UserError, match="are the same"):
        run("between")


def test_classes_are_painted(run, pixels):
    result = run("class", label="dog", count=2)
    assert [images[0].title for images in result.variants] == ["dog (7)", "dog (8)"]
    assert not np.array_equal(pixels("class", label="dog")[0], pixels("class", label="cat")[0])
    assert pixels("class")[0].shape == (SIZE, SIZE, 4)


@pytest.mark.parametrize(
    ("operation", "wrong", "message"),
    [
        ("text", {"style": "lime"}, "no style lime"),
        ("text", {"prompt": "  "}, "no prompt"),
        ("class", {"label": "dig"}, "no class dig"),
        ("class", {"style": "flat"}, "no style to choose"),
        ("text", {"model": "other"}, "another network"),
    ],
)
def test_what_cannot_be_done_is_told(operation, wrong, message, run):
    with pytest.raises(UserError, match=message):
        run(operation, **wrong)


def test_redrawing_stays_inside_the_selection(run):
    picture = canvas(selected=(5, 10, 25, 30))
    result = run("redraw", picture, strength=0.5)
    (image,) = result.images
    after = result.after()
    before = picture.layers[0].raster.read(picture.bounds)
    assert image.pixels.shape == (30, 40, 4)
    new = after.layers[-1] if after.layers[-1].name != "drawing" else after.layers[0]
    assert np.array_equal(picture.layers[0].raster.read(picture.bounds), before)
    alpha = new.raster.read(after.bounds)[..., 3]
    assert alpha[5:25, 10:30].max() > 0
    outside = alpha.copy()
    outside[5:25, 10:30] = 0
    assert outside.max() == 0


@pytest.mark.parametrize("size", [(40, 30), (9, 50), (16, 16)])
def test_a_whole_picture_of_any_shape_is_redrawn(size, run):
    (image,) = run("redraw", canvas(*size), strength=0.5).images
    assert image.pixels.shape[:2] == size[::-1]


@pytest.mark.parametrize("runner", ["pixels"], indirect=True)  # this codec has learned nothing
def test_little_strength_leaves_more_of_the_picture(pixels):
    picture = canvas(16, 16)
    given = picture.layers[0].raster.read(picture.bounds)[..., :3].astype(float)
    parameters = dict(sampler="ddim", guidance=1, steps=20)
    distances = [
        np.abs(pixels("redraw", picture, strength=s, **parameters)[0][..., :3] - given).mean()
        for s in (0.1, 1.0)
    ]
    assert distances[0] < distances[1]


class Watching(Observer):
    """Counts the previews, and cancels behind the given one."""

    def __init__(self, last=1000):
        self.messages, self.last, self.seen = [], last, 0

    def progress(self, fraction, message):
        self.messages.append(message)

    def tile(self, preview):
        self.seen += 1

    def cancelled(self):
        return any(f"Step {self.last} of" in message for message in self.messages)


def test_steps_are_reported_and_a_cancel_comes_before_the_next(run):
    watching = Watching(last=2)
    with pytest.raises(Cancelled):
        run(observer=watching, steps=50)
    assert any("Step 2 of 50" in message for message in watching.messages)
    assert not any("Step 3 of" in message for message in watching.messages)
