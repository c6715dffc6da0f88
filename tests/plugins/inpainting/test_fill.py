"""What every engine promises: the rest of the picture stays as it was, to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from studio.api import Cancelled, UserError
from studio.document import composite
from studio.host.observer import Observer

from .conftest import disc

ENGINES = (
    {"engine": "network"},
    {"engine": "patchmatch"},
    {"engine": "prior", "steps": 4},
)
NAMES = [str(each["engine"]) for each in ENGINES]


def empty(height, width):
    return np.zeros((height, width), np.uint8)


def one_pixel(height, width):
    mask = empty(height, width)
    mask[height // 2, width // 2] = 255
    return mask


def everything(height, width):
    return np.full((height, width), 255, np.uint8)


def border(height, width):
    mask = everything(height, width)
    mask[10:-10, 10:-10] = 0
    return mask


def islands(height, width):
    return ((np.random.default_rng(1).random((height, width)) < 0.01) * 255).astype(np.uint8)


def soft(height, width):
    return disc(height, width, 20, 12)


@pytest.mark.parametrize("given", ENGINES, ids=NAMES)
@pytest.mark.parametrize("shape", [one_pixel, everything, border, islands, soft])
def test_outside_the_mask_nothing_changes(run, picture, photo, given, shape):
    dtype = np.uint16 if shape in (border, soft) else np.uint8
    pixels, mask = photo(50, 70, dtype), shape(50, 70)
    result = run(picture(pixels, mask), **given)
    after = composite(result.after())
    assert after.dtype == dtype
    assert np.array_equal(after[mask == 0][:, :3], pixels[mask == 0])
    assert not np.array_equal(after[mask > 0][:, :3], pixels[mask > 0])
    assert (after[..., 3] == np.iinfo(dtype).max).all()


@pytest.mark.parametrize("given", ENGINES, ids=NAMES)
@pytest.mark.parametrize("size", [(1, 1), (3, 40), (17, 5)])
def test_small_pictures_work(run, picture, photo, given, size):
    mask = empty(*size)
    mask[0, 0] = 255
    after = composite(run(picture(photo(*size), mask), **given).after())
    assert after.shape[:2] == size


@pytest.mark.parametrize("given", ENGINES, ids=NAMES)
def test_an_empty_mask_is_refused_in_words(run, picture, photo, given):
    with pytest.raises(UserError, match="Nothing is selected") as caught:
        run(picture(photo(40, 40), empty(40, 40)), **given)
    assert "Paint over" in caught.value.hint


def test_no_selection_is_refused_in_words(run, picture, photo):
    with pytest.raises(UserError, match="nothing is"):
        run(picture(photo(40, 40)))


@pytest.mark.parametrize("given", ENGINES, ids=NAMES)
def test_transparency_stays(run, picture, photo, given):
    pixels, mask = np.dstack([photo(60, 60), photo(60, 60)[..., :1]]), disc(60, 60, 12)
    pixels[:20, :, 3] = 0
    after = composite(run(picture(pixels, mask), **given).after())
    assert np.array_equal(after[..., 3], pixels[..., 3])
    seen = (mask == 0) & (pixels[..., 3] > 0)
    assert np.array_equal(after[seen], pixels[seen])


@pytest.mark.parametrize("given", ENGINES, ids=NAMES)
def test_what_lies_under_a_hard_mask_does_not_matter(run, picture, photo, given):
    pixels, mask = photo(80, 80), disc(80, 80, 15)
    filled = []
    for color in ((255, 0, 0), (0, 0, 255)):
        painted = pixels.copy()
        painted[mask > 0] = color
        filled.append(composite(run(picture(painted, mask), **given).after()))
    assert np.array_equal(*filled)


@pytest.mark.parametrize("given", ENGINES, ids=NAMES)
def test_a_soft_edge_blends_once(run, picture, photo, given):
    """Half a mask is half of the filling: the plugin itself weighs nothing."""
    pixels, mask = photo(80, 80), disc(80, 80, 20)
    whole = composite(run(picture(pixels, mask), **given).after())[..., :3].astype(float)
    half = composite(run(picture(pixels, mask // 2), **given).after())[..., :3].astype(float)
    expected = pixels + (whole - pixels) * (127 / 255)
    assert np.abs(half - expected).max() <= 1.01


@pytest.mark.parametrize("given", ENGINES, ids=NAMES)
def test_variations_differ_and_seeds_repeat(run, picture, photo, given):
    made = picture(photo(96, 96), disc(96, 96, 20))
    count = 2 if given["engine"] == "prior" else 4
    result = run(made, seed=7, variations=count, **given)
    again = run(made, seed=7, variations=count, **given)
    assert result.variations == count
    pictures = [composite(result.after(n)) for n in range(count)]
    for n, pixels in enumerate(pictures):
        assert np.array_equal(pixels, composite(again.after(n)))
        assert not any(np.array_equal(pixels, other) for other in pictures[:n])


def test_the_prior_comes_close_to_what_it_is_fitted_to(run, picture):
    """Stripes go on through the hole."""
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:, (np.arange(64) // 8) % 2 == 0] = 200
    mask = disc(64, 64, 6)
    after = composite(run(picture(pixels, mask), engine="prior", steps=80).after())[..., :3]
    off = np.abs(after.astype(int) - pixels)[mask > 0].mean()
    assert off < 50  # a flat gray would be 100 off


def test_patchmatch_repeats_a_texture(run, picture):
    random = np.random.default_rng(0)
    tile = random.integers(0, 255, (16, 16, 3)).astype(np.uint8)
    pixels, mask = np.tile(tile, (8, 8, 1)), disc(128, 128, 14)
    after = composite(run(picture(pixels, mask), engine="patchmatch").after())[..., :3]
    off = np.abs(after.astype(int) - pixels)[mask > 0]
    assert np.median(off) < 12  # texture of another phase would be 80 off


class Stopping(Observer):
    """Asks to stop and keep what there is at some step."""

    def __init__(self, cancel: bool) -> None:
        super().__init__()
        self.messages: list[str] = []
        self.previews = 0
        self._cancel = cancel

    def progress(self, fraction, message):
        self.messages.append(message)

    def tile(self, preview):
        self.previews += 1

    def cancelled(self):
        return self._cancel and len(self.messages) > 5

    def stopping(self):
        return not self._cancel and len(self.messages) > 8


def test_the_prior_shows_how_it_goes_on_and_can_be_stopped(run, picture, photo):
    observer = Stopping(cancel=False)
    made = picture(photo(60, 60), disc(60, 60, 10))
    result = run(made, observer=observer, engine="prior", steps=500)
    assert observer.previews >= 1
    assert len(observer.messages) < 30
    assert any("Stopped" in note for note in result.notes)


def test_a_run_can_be_canceled(run, picture, photo):
    made = picture(photo(60, 60), disc(60, 60, 10))
    with pytest.raises(Cancelled):
        run(made, observer=Stopping(cancel=True), engine="prior", steps=500)


def test_layers_are_seen_together_and_a_new_one_takes_the_filling(run, picture, photo):
    from dataclasses import replace

    from studio.document import Layer, Raster

    base = picture(photo(60, 60), disc(60, 60, 10))
    above = Layer("above", Raster.from_array(np.zeros((60, 60, 4), np.uint8)))
    two = replace(base, nodes=(*base.layers, above), active=above.id)
    result = run(two)
    after = result.after()
    assert len(after.layers) == 3
    assert np.array_equal(
        after.layers[0].raster.read(base.bounds), base.layers[0].raster.read(base.bounds)
    )
