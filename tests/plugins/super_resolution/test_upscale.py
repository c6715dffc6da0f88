import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.api import UserError, describe, validate
from studio.nn.resample import bicubic_resize
from studio_plugins.super_resolution import operations
from studio_plugins.super_resolution.parameters import UpscaleParameters, output_size


def as_tensor(pixels):
    return torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1)[None]


def as_pixels(tensor):
    return (tensor[0].clamp(0, 1) * 255).round().permute(1, 2, 0).numpy()


def levels(one, other):
    return np.abs(one.astype(float) - other.astype(float))


@given(
    width=st.integers(1, 30),
    height=st.integers(1, 30),
    half_steps=st.integers(2, 16),
    strength=st.sampled_from([0.0, 0.4, 1.0]),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_size_at_any_scale(upscaled, photo, width, height, half_steps, strength):
    scale = half_steps / 2
    out = upscaled(photo(height, width), scale=scale, strength=strength)
    assert out.shape == (max(1, round(height * scale)), max(1, round(width * scale)), 4)
    assert (out[..., 3] == 255).all()


@pytest.mark.parametrize("scale", [2, 4])
def test_the_networks_own_scale_is_the_network_alone(upscaled, photo, tiny_network, scale):
    given_pixels = photo(40, 33)
    with torch.inference_mode():
        expected = as_pixels(tiny_network(scale)(as_tensor(given_pixels)))
    out = upscaled(given_pixels, scale=scale)[..., :3]
    assert levels(out, expected).max() <= 1


@pytest.mark.parametrize(("scale", "step"), [(1, 1), (1.5, 2), (3, 3), (3.5, 4)])
def test_other_scales_are_resampled_from_a_larger_one(upscaled, photo, tiny_network, scale, step):
    given_pixels = photo(36, 44)
    native = 4 if scale > 2 else 2
    with torch.inference_mode():
        large = tiny_network(native)(as_tensor(given_pixels))
        middle = bicubic_resize(large, 36 * step, 44 * step)
        expected = as_pixels(bicubic_resize(middle, round(36 * scale), round(44 * scale)))
    out = upscaled(given_pixels, scale=scale)[..., :3]
    assert levels(out, expected).max() <= 1


def test_beyond_its_scale_the_network_runs_again(upscaled, photo, tiny_network):
    given_pixels = photo(20, 24)
    with torch.inference_mode():
        large = tiny_network(2)(tiny_network(4)(as_tensor(given_pixels)))
    out = upscaled(given_pixels, scale=8)[..., :3]
    assert levels(out, as_pixels(large)).max() <= 1
    named = upscaled(given_pixels, scale=8, model="compact-x4")[..., :3]
    with torch.inference_mode():
        again = tiny_network(4)(tiny_network(4)(as_tensor(given_pixels)))
        expected = as_pixels(bicubic_resize(again, 160, 192))
    assert levels(named, expected).max() <= 1


@pytest.mark.parametrize(
    ("scale", "used"),
    [(1.0, {"compact-x2"}), (2.0, {"compact-x2"}), (2.5, {"compact-x4"}), (4.0, {"compact-x4"})],
)
def test_the_bundled_network_follows_the_scale(run, photo, scale, used):
    record = str(run(photo(16, 16), scale=scale).record)
    assert {name for name in ("compact-x2", "compact-x4") if name in record} == used


def test_strength_blends_with_a_plain_enlargement(upscaled, photo):
    given_pixels = photo(30, 30)
    none, half, full = (
        upscaled(given_pixels, scale=2, strength=strength)[..., :3] for strength in (0, 0.5, 1)
    )
    plain = as_pixels(bicubic_resize(as_tensor(given_pixels), 60, 60))
    assert levels(none, plain).max() <= 1
    assert levels(none, full).max() > 3
    assert levels(half, (none.astype(float) + full) / 2).max() <= 1.5


def test_tiles_leave_no_seam(upscaled, photo, tiny_network):
    given_pixels = photo(70, 1300)  # wider than two of the largest tiles
    with torch.inference_mode():
        expected = as_pixels(tiny_network(2)(as_tensor(given_pixels)))
    out = upscaled(given_pixels, scale=2)[..., :3]
    assert levels(out, expected).max() <= 1


def test_half_precision_stays_close(upscaled, photo):
    given_pixels = photo(48, 48)
    exact = upscaled(given_pixels, scale=4)
    fast = upscaled(given_pixels, scale=4, precision="auto")
    assert np.sqrt((levels(exact, fast) ** 2).mean()) < 1.4  # 45 dB


def test_sixteen_bits_stay(upscaled, photo):
    given_pixels = photo(20, 20).astype(np.uint16) * 257
    out = upscaled(given_pixels, scale=2)
    assert out.dtype == np.uint16
    assert len(np.unique(out[..., 0] % 257)) > 20  # values between those of 8 bits


def test_every_layer_is_enlarged(run, photo, disc):
    result = run(photo(24, 24), disc(24, (0, 0, 255)), scale=3)
    assert result.size == (72, 72)
    assert [image.pixels.shape for image in result.images] == [(72, 72, 4)] * 2


@pytest.mark.parametrize("scale", [1, 2, 2.5, 4, 8])
@pytest.mark.parametrize("strength", [0, 0.5, 1])
def test_what_is_hidden_does_not_bleed(upscaled, disc, scale, strength):
    out = [
        upscaled(disc(36, hidden), scale=scale, strength=strength)
        for hidden in ((0, 255, 0), (255, 255, 255))
    ]
    seen = out[0][..., 3] > 0
    assert np.array_equal(out[0][seen], out[1][seen])
    # The disc is (230, 20, 20), and the random network adds some noise.
    assert out[0][seen][:, 1].max() < 110
    assert out[0][seen][:, 0].min() > 150


@pytest.mark.parametrize("scale", [1, 2, 2.5, 4])
def test_alpha_is_exact_inside_and_outside_and_soft_between(upscaled, disc, scale):
    out = upscaled(disc(40, (0, 0, 0)), scale=scale)
    alpha = out[..., 3]
    side = alpha.shape[0]
    y, x = np.mgrid[:side, :side]
    distance = np.hypot(y - (side - 1) / 2, x - (side - 1) / 2) / scale
    radius = 40 * 0.33
    assert (alpha[distance < radius - 5] == 255).all()
    assert (alpha[distance > radius + 5] == 0).all()
    assert ((alpha > 30) & (alpha < 225)).any()
    expected = np.pi * radius**2 * scale**2
    assert alpha.sum() / 255 == pytest.approx(expected, rel=0.05)


def test_an_even_veil_stays_even(upscaled, photo):
    veil = np.dstack([photo(20, 20), np.full((20, 20), 77, np.uint8)])
    out = upscaled(veil, scale=3)
    assert (out[..., 3] == 77).all()
    opaque = upscaled(veil[..., :3], scale=3)
    assert np.array_equal(out[..., :3], opaque[..., :3])


def test_an_empty_layer_is_enlarged_too(upscaled):
    out = upscaled(np.zeros((12, 9, 4), np.uint8), scale=2)
    assert out.shape == (24, 18, 4)
    assert not out[..., 3].any()


def test_an_unknown_model_names_those_that_come_close(run, photo):
    with pytest.raises(UserError) as caught:
        run(photo(8, 8), model="realesrgan-x4")
    assert "realesrgan-x4plus" in caught.value.hint


def test_presets_and_sizes_hold():
    (operation,) = operations()
    assert {spec.name for spec in describe(operation.parameters)} == {"scale", "model", "strength"}
    for preset in operation.presets:
        validate(UpscaleParameters, dict(preset.values))
    assert output_size(UpscaleParameters(scale=1), 1, 1) == (1, 1)
    assert output_size(UpscaleParameters(scale=2.5), 3, 100) == (8, 250)


@pytest.mark.parametrize("scale", [0.5, 8.5, float("nan")])
def test_scales_outside_are_refused(scale):
    with pytest.raises(UserError, match="scale"):
        validate(UpscaleParameters, {"scale": scale})
