"""Pictures and selections drawn anew by diffusion models of the user's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from studio.api import Cancelled
from studio.document import composite
from studio.host import devices
from studio.host.observer import Observer
from studio.host.requests import RunRequest
from studio_plugins.sampling.community_places import around, working_size

from .conftest import photo

pytestmark = pytest.mark.filterwarnings(
    # Of the libraries, about themselves.
    "ignore::DeprecationWarning",
    "ignore::FutureWarning",
)
BOX = (8, 12, 30, 41)


def seen(picture):
    return composite(picture)


@pytest.mark.parametrize("kind", ["sd", "xl", "fills"])
def test_what_is_not_selected_stays_to_the_bit(kind, paint):
    picture = photo(selected=BOX)
    result = paint(kind, picture, count=2, steps=2, strength=1.0, margin=4)
    before = seen(picture)
    top, left, bottom, right = BOX
    after = [seen(result.after(n)) for n in range(2)]
    for each in after:
        inside = each[top:bottom, left:right]
        assert not np.array_equal(inside, before[top:bottom, left:right])
        outside = each.copy()
        outside[top:bottom, left:right] = before[top:bottom, left:right]
        assert np.array_equal(outside, before)
    assert not np.array_equal(*after)
    assert np.array_equal(
        after[1], seen(paint(kind, picture, seed=4, steps=2, strength=1.0, margin=4).after())
    )


@pytest.mark.parametrize("kind", ["sd", "xl", "fills"])
def test_a_whole_picture_is_redrawn_at_its_own_size(kind, paint):
    picture = photo(45, 33)
    after = seen(paint(kind, picture, steps=2).after())
    assert after.shape == (33, 45, 4)
    assert (after[..., 3] == 255).all()
    assert not np.array_equal(after, seen(picture))


def test_little_strength_leaves_little_to_the_noise(paint):
    def apart(strength):
        first, second = (
            seen(paint("sd", photo(32, 32), seed=n, steps=20, strength=strength).after())
            for n in (3, 4)
        )
        return np.abs(first.astype(int) - second).mean()

    assert apart(0.05) < 0.7 * apart(1.0)


def test_what_was_clear_is_seen_where_it_is_drawn(paint):
    picture = photo(clear=True, selected=BOX)
    after = seen(paint("sd", picture, steps=1, strength=1.0).after())
    top, left, bottom, right = BOX
    assert (after[top:bottom, left:right, 3] == 255).all()
    assert (after[:top, :30, 3] == 0).all()
    whole = seen(paint("sd", photo(clear=True), steps=1, strength=1.0).after())
    assert np.array_equal(whole[..., 3], seen(photo(clear=True))[..., 3])


@pytest.mark.parametrize("selected", [None, BOX])
@pytest.mark.parametrize("given", [True, False])
def test_a_controlnet_goes_by_the_picture_or_another(selected, given, paint, diffusion, tmp_path):
    picture = photo(selected=selected)
    chosen = {"controlnet": str(diffusion("control")), "steps": 2, "strength": 1.0}
    if given:
        path = tmp_path / "map.png"
        Image.fromarray(np.full((40, 60, 3), 90, np.uint8)).save(path)
        chosen |= {"control_picture": str(path), "control": "map"}
    after = seen(paint("sd", picture, **chosen).after())
    plain = seen(paint("sd", picture, steps=2, strength=1.0).after())
    assert not np.array_equal(after, plain)
    without = seen(paint("sd", picture, control_strength=0.0, **chosen).after())
    assert np.abs(without.astype(int) - plain).max() <= 1


class Watching(Observer):
    def __init__(self, last=99):
        self.previews, self.messages, self.last = [], [], last

    def progress(self, fraction, message):
        self.messages.append(message)

    def tile(self, preview):
        self.previews.append(preview)

    def cancelled(self):
        return any(f"Step {self.last} of" in message for message in self.messages)


def test_steps_are_shown_at_their_place(paint):
    watching = Watching()
    picture = photo(selected=BOX)
    paint("sd", picture, observer=watching, steps=4, strength=1.0, margin=0)
    preview = watching.previews[0]
    assert preview.pixels.shape[:2] == (40, 60)
    top, left, bottom, right = BOX
    before = seen(picture)[..., :3].astype(int)
    changed = np.abs(preview.pixels[..., :3] - before).max(axis=2) > 1
    assert changed[top:bottom, left:right].mean() > 0.5
    assert not changed[: top - 1].any()
    assert not changed[:, right + 1 :].any()


def test_a_cancel_ends_it(paint):
    watching = Watching(last=1)
    with pytest.raises(Cancelled):
        paint("sd", photo(selected=BOX), observer=watching, steps=9)
    assert not any("Step 2 of" in message for message in watching.messages)


def test_a_large_picture_is_told_to_be_enlarged(paint):
    (note,) = paint("sd", photo(200, 160), steps=1).notes
    assert "enlarged to 200 x 160" in note


def test_the_window_around_a_selection_stays_in_the_picture():
    mask = torch.zeros(1, 1, 50, 80)
    mask[..., 2:10, 70:78] = 1
    box = around(mask, 6)
    assert (box.top, box.left, box.bottom, box.right) == (0, 60, 20, 80)
    mask[..., 48, 1] = 1
    box = around(mask, 6)
    assert (box.top, box.left, box.bottom, box.right) == (0, 0, 50, 80)


@pytest.mark.parametrize(("height", "width"), [(300, 400), (50, 2000), (9, 9)])
def test_the_working_size_keeps_the_shape(height, width):
    tall, wide = working_size(height, width, 512, 64)
    assert tall % 64 == wide % 64 == 0
    if height / width > 0.1:
        assert tall * wide == pytest.approx(512 * 512, rel=0.2)


@pytest.mark.parametrize("kind", ["sd", "xl", "fills"])
def test_half_precision_paints_nearly_the_same(kind, community, diffusion, lonely, monkeypatch):
    def made():
        given = {"model": str(diffusion(kind)), "prompt": "a", "steps": 2, "sampler": "dpm"}
        if kind == "sd":
            given["controlnet"] = str(diffusion("control"))
        picture = photo(40, 40, selected=BOX)
        request = RunRequest("sampling.diffusers-redraw", given, picture, device="cpu")
        result = community.execute(request)
        return seen(result.after()).astype(int), result.record["precision"]

    monkeypatch.setattr(devices, "preferred_dtype", lambda _: torch.float32)
    exact, _ = made()
    monkeypatch.setattr(devices, "preferred_dtype", lambda _: torch.bfloat16)
    half, precision = made()
    assert precision == "bfloat16"
    assert np.abs(half - exact).max() > 0
    assert np.abs(half - exact).mean() < 3
