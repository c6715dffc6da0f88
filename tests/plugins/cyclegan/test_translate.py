import threading

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.api import Cancelled, UserError, describe, validate
from studio.host.observer import Observer
from studio.nn.resample import bicubic_resize
from studio.nn.translators import Translator
from studio_plugins.cyclegan import engine, operations
from studio_plugins.cyclegan.loading import Generator
from studio_plugins.cyclegan.parameters import TranslateParameters

DEFAULT, BACK = "cyclegan-photo2painting", "cyclegan-painting2photo"


def apart(one, other):
    return np.abs(one[..., :3].astype(float) - other[..., :3].astype(float))


@given(
    width=st.integers(1, 60),
    height=st.integers(1, 60),
    size=st.sampled_from([0, 7, 32, 512]),
    detail=st.sampled_from([0.0, 1.0]),
)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_size(translated, photo, width, height, size, detail):
    out = translated(photo(height, width), size=size, detail=detail)
    assert out.shape == (height, width, 4)
    assert (out[..., 3] == 255).all()


def test_a_small_picture_is_the_network_alone(translated, photo, networks, made_by):
    given_pixels = photo(60, 84)
    assert apart(translated(given_pixels), made_by(networks[DEFAULT], given_pixels)).max() <= 1
    out = translated(given_pixels, model=BACK)
    assert apart(out, made_by(networks[BACK], given_pixels)).max() <= 1
    assert apart(translated(given_pixels), given_pixels).mean() > 10


def test_a_large_one_is_reduced_and_enlarged_again(
    translated, photo, networks, made_by, tensor, levels
):
    given_pixels = photo(120, 180)
    small = levels(bicubic_resize(tensor(given_pixels), 60, 90).clamp(0, 1))
    padded = np.pad(small, ((0, 0), (0, 2), (0, 0)), mode="reflect")  # to a multiple of 4
    made = made_by(networks[DEFAULT], padded)[:, :90]
    expected = levels(bicubic_resize(tensor(made), 120, 180))
    assert apart(translated(given_pixels, size=60, detail=0), expected).max() <= 1


def test_size_0_is_the_full_picture(translated, photo):
    given_pixels = photo(100, 140)
    assert np.array_equal(translated(given_pixels, size=0), translated(given_pixels, size=100))
    assert not np.array_equal(translated(given_pixels, size=0), translated(given_pixels, size=99))


def test_strength_blends_with_the_picture(translated, photo):
    given_pixels = photo(40, 48)
    none, half, full = (translated(given_pixels, strength=s) for s in (0, 0.5, 1))
    assert np.array_equal(none[..., :3], given_pixels)
    assert apart(half, (given_pixels.astype(float) + full[..., :3]) / 2).max() <= 1


def test_detail_returns_what_reducing_took_where_the_network_kept_to_the_picture(translated, photo):
    random = np.random.default_rng(5)
    grain = random.integers(-12, 13, (160, 200, 1))
    given_pixels = np.clip(photo(160, 200).astype(int) + grain, 0, 255).astype(np.uint8)
    blurred = translated(given_pixels, model="identity", size=80, detail=0)
    sharp = translated(given_pixels, model="identity", size=80, detail=1)
    assert apart(blurred, given_pixels).mean() > 4
    assert apart(sharp, given_pixels).mean() < 0.3 * apart(blurred, given_pixels).mean()


def test_detail_does_not_return_where_the_network_painted_over_it(photo, tensor):
    from studio_plugins.cyclegan.joining import slopes

    noise = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(0)) - 0.5
    image = (tensor(photo(40, 40)) + 0.3 * noise).clamp(0, 1)
    assert float(slopes(image, torch.full_like(image, 0.7)).abs().max()) < 1e-3
    assert float(slopes(image, image * 0.5 + 0.1).mean()) == pytest.approx(0.5, abs=0.05)
    assert float(slopes(image, 1 - image).max()) == 0  # turned around, it would only disturb


def test_colors_can_be_kept(translated, photo):
    given_pixels = photo(64, 64) // 4 + 96  # far from black and white: nothing is clipped
    out = translated(given_pixels, preserve_colors=True, strength=0.4)
    change = out[..., :3].astype(int) - given_pixels
    assert np.abs(change).max() > 10
    assert (change.max(axis=2) - change.min(axis=2)).max() <= 1


def test_tiles_share_the_statistics_of_the_whole(translated, photo, monkeypatch):
    given_pixels = photo(150, 700)
    whole = translated(given_pixels, size=0)
    monkeypatch.setattr(engine, "WHOLE", 1000)
    monkeypatch.setattr(engine, "TILE", 240)
    tiled = translated(given_pixels, size=0)
    assert apart(tiled, whole).max() <= 16
    assert apart(tiled, whole).mean() < 0.5
    # What it would be without: the left end is flatter than the right one.
    alone = translated(given_pixels[:, :240].copy(), size=0)
    assert apart(alone[:, :140], whole[:, :140]).mean() > 5


def test_memory_that_runs_out_leaves_no_seams(run, photo, monkeypatch):
    given_pixels = photo(240, 800)
    whole = run(given_pixels, size=0).images[0].pixels
    forward = Generator.forward
    most = 100_000

    def short_of_memory(self, image):
        if image[:, 0].numel() > most:
            raise MemoryError
        return forward(self, image)

    monkeypatch.setattr(Generator, "forward", short_of_memory)
    result = run(given_pixels, size=0)
    assert any("Memory ran out" in note for note in result.notes)
    shared = result.images[0].pixels
    monkeypatch.setattr(Translator, "instance_norm", False)  # each tile by its own statistics
    own = run(given_pixels, size=0).images[0].pixels
    assert apart(shared, whole).mean() < 0.5 * apart(own, whole).mean()


def test_it_can_be_cancelled(runner, request_for, photo):
    class Stop(Observer):
        asked = threading.Event()

        def progress(self, fraction, message=""):
            if fraction > 0.05:
                self.asked.set()

        def cancelled(self):
            return self.asked.is_set()

    with pytest.raises(Cancelled):
        runner.execute(request_for(photo(300, 300)), Stop())


def test_only_what_is_selected_changes(runner, request_for, photo):
    from studio.document import composite

    given_pixels = photo(50, 70)
    mask = np.zeros((50, 70), np.uint8)
    mask[10:30, 20:50] = 255
    after = composite(runner.execute(request_for(given_pixels, mask)).after())[..., :3]
    outside = mask == 0
    assert np.array_equal(after[outside], given_pixels[outside])
    alone = composite(runner.execute(request_for(given_pixels)).after())[..., :3]
    assert np.array_equal(after[~outside], alone[~outside])


def test_what_is_transparent_does_not_count(translated, photo):
    seen = photo(40, 60)
    alpha = np.zeros((40, 60, 1), np.uint8)
    alpha[:, :30] = 255
    outs = []
    for hidden in (0, 255):
        pixels = np.where(alpha > 0, seen, np.uint8(hidden))
        outs.append(translated(np.concatenate([pixels, alpha], axis=2), size=32))
    assert np.array_equal(outs[0][..., 3:], alpha)
    assert apart(outs[0], outs[1])[:, :30].max() <= 1


def test_sixteen_bits_stay(translated, photo):
    out = translated(photo(20, 24).astype(np.uint16) * 257, size=0)
    assert out.dtype == np.uint16
    assert len(np.unique(out[..., 0] % 257)) > 20


def test_half_precision_stays_close(translated, photo):
    given_pixels = photo(64, 64)
    exact, fast = (translated(given_pixels, precision=p) for p in ("float32", "auto"))
    assert np.sqrt((apart(exact, fast) ** 2).mean()) < 4


def test_a_model_of_both_directions(run, store, registry, photo, both, made_by):
    path, pair = both
    card = store.import_file(path, registry.loaders())
    assert card.task == "cyclegan"
    given_pixels = photo(40, 48)
    for direction, name in (("forward", "a_to_b"), ("backward", "b_to_a")):
        result = run(given_pixels, model=card.id, direction=direction)
        assert apart(result.images[0].pixels, made_by(pair[name], given_pixels)).max() <= 1
        assert not result.notes


def test_a_model_of_one_direction_says_so(run, photo):
    there = run(photo(32, 32))
    back = run(photo(32, 32), direction="backward")
    assert np.array_equal(there.images[0].pixels, back.images[0].pixels)
    assert "one direction" in " ".join(back.notes)
    assert not there.notes


def test_an_unknown_model_names_those_that_come_close(run, photo):
    with pytest.raises(UserError) as caught:
        run(photo(8, 8), model="cyclegan-photo2paintings")
    assert DEFAULT in caught.value.hint


def test_presets_hold():
    (operation,) = operations()
    assert len(describe(operation.parameters)) == 6
    for preset in operation.presets:
        validate(TranslateParameters, dict(preset.values))
