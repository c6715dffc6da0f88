"""Noise schedules, losses and samplers, against what is known of normally distributed pictures."""

from __future__ import annotations

import pytest
import torch

from studio.nn.diffusion import (
    NoiseSchedule,
    guided,
    sketched,
    slerp,
    spread_times,
)
from studio_plugins.sampling.solvers import Drawing, make_scheduler

MEAN, SPREAD = 0.5, 0.2


@pytest.fixture
def schedule():
    return NoiseSchedule.cosine()


def ideal(schedule):
    """The best possible velocities for pictures whose values are normal and independent."""

    def predict(noisy, time):
        left = schedule.products[time].view(-1, 1, 1, 1)
        variance = left * SPREAD**2 + 1 - left
        clean = MEAN + left.sqrt() * SPREAD**2 / variance * (noisy - left.sqrt() * MEAN)
        noise = (noisy - left.sqrt() * clean) / (1 - left).sqrt()
        return left.sqrt() * noise - (1 - left).sqrt() * clean

    return predict


def noise(count=16, seed=0):
    return torch.randn(count, 4, 8, 8, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shift", [0.5, 1.0, 3.0])
def test_pictures_fade_to_nothing_but_noise(shift):
    products = NoiseSchedule.cosine(shift=shift).products
    assert len(products) == 1000
    assert products[0] > 0.999
    assert products[-1] == 0
    assert (products.diff() < 0).all()


def test_a_shift_means_more_noise():
    plain, shifted = NoiseSchedule.cosine().products, NoiseSchedule.cosine(shift=2.0).products
    ratio = (shifted / (1 - shifted)) / (plain / (1 - plain))
    assert torch.allclose(ratio[100:900], torch.tensor(0.25), rtol=1e-3)


def test_a_velocity_gives_the_picture_back(schedule):
    clean, added = noise(seed=1), noise(seed=2)
    time = spread_times(len(clean), len(schedule), torch.full((len(clean),), 0.5))
    noisy = schedule.noisy(clean, added, time)
    velocity = schedule.velocity(clean, added, time)
    assert torch.allclose(schedule.clean(noisy, velocity, time), clean, atol=1e-5)


def test_times_cover_all_steps():
    times = spread_times(50, 1000, torch.rand(50))
    assert (times.diff() > 0).all()
    assert (times // 20 == torch.arange(50)).all()


def test_weights_fall_only_where_there_is_little_noise(schedule):
    weights = schedule.weights(torch.arange(1000))
    assert weights[-1] == 1
    assert (weights.diff() >= 0).all()
    left = schedule.products[100]
    assert weights[100] == pytest.approx(float(5 / (left / (1 - left) + 1)), rel=1e-4)


@pytest.mark.parametrize("sampler", ["ddim", "dpm"])
@pytest.mark.parametrize("steps", [1, 7, 20, 100])
def test_drawn_pictures_are_distributed_as_the_learned_ones(sampler, steps, schedule):
    drawn = Drawing(schedule, sampler, steps).draw(ideal(schedule), noise(64))
    assert drawn.mean() == pytest.approx(MEAN, abs=0.01)
    if steps >= 20:
        assert drawn.std() == pytest.approx(SPREAD, rel=0.2)
    if steps >= 100:
        assert torch.allclose(drawn, MEAN + SPREAD * noise(64), atol=0.03)


@pytest.mark.parametrize("steps", [4, 20])
def test_the_sketch_of_a_training_is_ddim(steps, schedule):
    predict = ideal(schedule)
    drawn = Drawing(schedule, "ddim", steps).draw(predict, noise())
    assert torch.allclose(sketched(predict, schedule, noise(), steps), drawn, atol=2e-4)


@pytest.mark.parametrize("sampler", ["ddim", "dpm"])
def test_a_picture_to_start_from_shows_as_much_as_strength_leaves(sampler, schedule):
    begin = torch.full((16, 4, 8, 8), -0.5)
    predict = ideal(schedule)
    means = [
        float(Drawing(schedule, sampler, 20, strength).draw(predict, noise(), begin).mean())
        for strength in (0.1, 0.5, 0.9, 1.0)
    ]
    assert means == sorted(means)
    assert means[0] < 0
    assert means[-1] == pytest.approx(MEAN, abs=0.01)


def test_steps_are_told_and_can_end_the_drawing(schedule):
    told = []

    def watch(step, clean):
        told.append((step, clean.shape))
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Drawing(schedule, "dpm", 10).draw(ideal(schedule), noise(), watch=watch)
    assert told == [(number, (16, 4, 8, 8)) for number in (1, 2, 3)]


@pytest.mark.parametrize("sampler", ["ddim", "dpm"])
def test_samplers_begin_with_the_last_step(sampler, schedule):
    times = make_scheduler(sampler, schedule, 10).timesteps.tolist()
    assert times[0] == 999
    assert len(times) == 10
    assert times == sorted(times, reverse=True)


def test_guidance_of_one_is_the_conditional_prediction():
    first, second = noise(seed=1), noise(seed=2)
    assert guided(first, second, 1.0) is first
    assert torch.allclose(guided(first, second, 0.0), second)
    assert torch.allclose(guided(first, second, 3.0), second + 3 * (first - second))


def test_rescaled_guidance_has_the_spread_of_the_conditional():
    first, second = noise(seed=1), noise(seed=2)
    found = guided(first, second, 5.0, rescale=1.0)
    assert torch.allclose(found.std((1, 2, 3)), first.std((1, 2, 3)), rtol=1e-4)


def test_between_two_noises_lies_noise():
    first, second = noise(seed=1), noise(seed=2)
    assert torch.equal(slerp(first, second, 0.0), first)
    assert torch.equal(slerp(first, second, 1.0), second)
    assert slerp(first, second, 0.5).std() == pytest.approx(1.0, rel=0.05)
