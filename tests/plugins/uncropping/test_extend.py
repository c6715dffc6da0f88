"""Extending through the host, by every fill."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.api import Cancelled, UserError
from studio.document import Document, Layer, Picture, Raster, Rect, composite
from studio.document.layer_edits import add_node
from studio.host.observer import Observer

FILLS = ("network", "texture", "mirror", "stretch", "smear")


class Stopping(Observer):
    """Asks to stop at the second report."""

    def __init__(self) -> None:
        self.heard = 0

    def progress(self, fraction: float, message: str) -> None:
        self.heard += 1

    def cancelled(self) -> bool:
        return self.heard > 2


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("fill", FILLS)
def test_every_pixel_of_the_picture_stays_and_the_rest_is_opaque(extend, fill, dtype, photograph):
    pixels = photograph(70, 90, dtype)
    result = extend(Picture.from_pixels(pixels), fill=fill, left=31, top=5, bottom=40)
    for after in (result.after(), result.flat()):
        shown = composite(after)
        assert shown.dtype == dtype
        assert shown.shape == (115, 121, 4)
        assert np.array_equal(shown[5:75, 31:], pixels)
        assert (shown[..., 3] == np.iinfo(dtype).max).all()
    new = result.images[0].pixels[:, :31, :3]
    assert new.std() > 0


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12, deadline=None
)
@given(
    sides=st.tuples(*[st.integers(0, 60)] * 4).filter(any),
    size=st.tuples(st.integers(1, 50), st.integers(1, 50)),
    fill=st.sampled_from(FILLS),
    overlap=st.sampled_from([0, 0, 4, 500]),
)
def test_pictures_and_margins_of_any_size(extend, sides, size, fill, overlap, photograph):
    document = Document(Picture.from_pixels(photograph(*size)))
    before = document.picture
    left, top, right, bottom = sides
    result = extend(
        before, left=left, top=top, right=right, bottom=bottom, fill=fill, overlap=overlap
    )
    document.apply(result.title, result.edit(), result.record)
    after = document.picture
    old = Rect(left, top, before.width, before.height)
    assert np.array_equal(
        after.layers[0].raster.read(old), before.layers[0].raster.read(before.bounds)
    )
    assert (composite(after)[..., 3] == 255).all()
    document.undo()
    assert document.picture is before


def test_the_layers_are_seen_together_and_stay_apart(extend, photograph):
    base = Picture.from_pixels(photograph(40, 40))
    patch = np.zeros((10, 40, 4), np.uint8)
    patch[:] = (250, 10, 10, 255)
    picture = add_node(Layer("Red", Raster.from_array(patch)))(base)
    result = extend(picture, fill="smear", top=6)
    after = result.after()
    assert [layer.name for layer in after.layers] == [base.layers[0].name, "Red", "Extend canvas"]
    assert (composite(after)[:6] == (250, 10, 10, 255)).all()


@pytest.mark.parametrize("fill", FILLS)
def test_transparency_goes_on(extend, fill, photograph):
    pixels = photograph(40, 48)
    pixels[:20, :, 3] = 0
    pixels[20:30, :, 3] = 128
    pixels[:20, :, :3] = (255, 0, 255)  # what nobody sees must not be seen in the margins
    result = extend(Picture.from_pixels(pixels), fill=fill, right=20)
    flat = composite(result.flat())
    assert np.array_equal(flat[:, :48], pixels)
    new = flat[:, 48:]
    assert np.abs(new[2:18, :2, 3].astype(int)).max() <= 1
    assert (np.abs(new[22:28, :2, 3].astype(int) - 128) <= 1).all()
    assert (new[38:, :, 3] >= 250).all()
    seen = new[new[..., 3] > 0][:, :3].astype(int)
    assert not ((seen[:, 0] > 240) & (seen[:, 1] < 30) & (seen[:, 2] > 240)).any()


@pytest.mark.parametrize("fill", FILLS)
def test_the_seam_is_no_edge(extend, fill, photograph):
    """A smooth picture goes on; the seeded network adds little of what it makes up."""
    pixels = photograph(96, 96)
    pixels[..., :3] = np.linspace(60, 190, 96)[:, None, None].round()
    shown = composite(extend(Picture.from_pixels(pixels), fill=fill, right=40).flat())
    step = np.abs(shown[:, 96, :3].astype(int) - shown[:, 95, :3])
    assert step.mean() < (8 if fill in ("network", "texture") else 1)


def test_mirror_repeats_the_picture_and_folds_again(extend, photograph):
    pixels = photograph(6, 5)
    shown = composite(extend(Picture.from_pixels(pixels), fill="mirror", left=13, bottom=6).flat())
    flipped = pixels[:, ::-1]
    assert np.array_equal(shown[:6, 8:13], flipped)
    assert np.array_equal(shown[:6, 3:8], pixels)
    assert np.array_equal(shown[:6, :3], flipped[:, -3:])
    assert np.array_equal(shown[6:], shown[5::-1])


def test_smear_and_stretch_begin_with_the_border(extend, photograph):
    picture = Picture.from_pixels(photograph(30, 30))
    for fill in ("smear", "stretch"):
        shown = composite(extend(picture, fill=fill, right=50, top=40).flat())
        assert np.array_equal(shown[40:, 30], shown[40:, 29])
        assert np.array_equal(shown[39, :30], shown[40, :30])


def test_an_overlap_is_invented_and_fades(extend, photograph):
    pixels = photograph(60, 64)
    plain = composite(extend(Picture.from_pixels(pixels), right=20).flat())
    faded = composite(extend(Picture.from_pixels(pixels), right=20, overlap=12).flat())
    assert np.array_equal(faded[:, :52], pixels[:, :52])
    changed = (faded[:, 52:64] != pixels[:, 52:]).any(axis=(0, 2))
    assert changed[6:].all()
    assert np.array_equal(plain[:, :64], pixels)


def test_an_overlap_over_everything_is_left_out(extend, photograph):
    result = extend(Picture.from_pixels(photograph(8, 8)), left=9, right=9, overlap=40)
    assert any("overlap" in note for note in result.notes)


def test_a_large_canvas_is_filled_reduced_and_gets_detail_back(extend, monkeypatch, photograph):
    from studio_plugins.uncropping import network

    monkeypatch.setattr(network, "SIZE", 96)
    pixels = photograph(300, 330)
    result = extend(Picture.from_pixels(pixels), percent=25.0)
    shown = composite(result.flat())
    assert np.array_equal(shown[75:375, 82:412], pixels)
    new = shown[330:420, 150:350, :3].astype(float)
    below = pixels[200:290, 70:270, :3].astype(float)
    fine = [np.abs(np.diff(part, axis=1)).mean() for part in (new, below)]
    assert fine[0] > 0.5 * fine[1]


def test_the_network_goes_outward_in_steps(extend, photograph):
    heard = []

    class Listening(Observer):
        def progress(self, fraction: float, message: str) -> None:
            heard.append((fraction, message))

    extend(Picture.from_pixels(photograph(64, 64)), Listening(), right=64, reach=25.0)
    messages = list(dict.fromkeys(message for _, message in heard if message.startswith("Step")))
    assert len(messages) == 4
    assert messages[0] == "Step 1 of 4"
    fractions = [fraction for fraction, _ in heard]
    assert fractions == sorted(fractions)


@pytest.mark.parametrize("fill", ["network"])
def test_cancelling_stops_it(extend, fill, photograph):
    with pytest.raises(Cancelled):
        extend(Picture.from_pixels(photograph(64, 64)), Stopping(), percent=200.0, fill=fill)


def test_a_huge_canvas_is_refused_before_anything_runs(extend, runner, monkeypatch, photograph):
    def never(_operation):
        raise AssertionError("it ran")

    monkeypatch.setattr(runner.registry, "function", never)
    with pytest.raises(UserError, match="megapixels") as caught:
        extend(Picture.from_pixels(photograph(8, 8)), left=20_000, top=20_000)
    assert caught.value.hint


def test_a_try_is_refused(runner, photograph):
    from studio.host.requests import RunRequest

    picture = Picture.from_pixels(photograph(8, 8))
    with pytest.raises(UserError, match="whole picture"):
        runner.execute(
            RunRequest("uncropping.extend", {"left": 3}, picture, region=Rect(0, 0, 4, 4))
        )


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_diffusion_model_of_the_user_paints_around_the_picture(extend, pipeline, photograph):
    pixels = photograph(96, 128)
    given = {"fill": "diffusion", "pipeline": str(pipeline), "prompt": "a", "steps": 2}
    shown = composite(extend(Picture.from_pixels(pixels), right=40, **given).after())
    assert shown.shape == (96, 168, 4)
    assert np.array_equal(shown[:, :128], pixels)
    assert shown[:, 128:, :3].std() > 0


def test_diffusion_without_a_model_says_what_is_missing(extend, photograph):
    with pytest.raises(UserError, match="No diffusion model is chosen"):
        extend(Picture.from_pixels(photograph(40, 40)), right=10, fill="diffusion")
