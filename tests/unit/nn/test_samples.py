from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from studio.nn.loops import planned
from studio.nn.samples import random_parts, read_samples
from studio.nn.training import TrainingError


@pytest.fixture
def folder(tmp_path):
    random = np.random.default_rng(0)
    for number in range(12):
        side = 8 if number == 3 else 20
        pixels = random.integers(0, 255, (side, side + 4, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number:02}.png")
    return tmp_path


def test_some_pictures_are_held_out_and_small_ones_left_out(folder):
    learned, checked = read_samples(folder, 0.2, lambda p: p if min(p.shape[:2]) > 8 else None)
    assert len(learned) + len(checked) == 11
    assert 1 <= len(checked) < len(learned)
    again = read_samples(folder, 0.2, lambda p: p if min(p.shape[:2]) > 8 else None)
    assert all(np.array_equal(a, b) for a, b in zip(checked, again[1], strict=True))


def test_too_few_are_refused(folder):
    with pytest.raises(TrainingError, match="too few pictures that are large enough: 0"):
        read_samples(folder, 0.2, lambda _: None)


def test_parts_are_of_one_size_and_repeat_with_the_seed(folder):
    learned, _ = read_samples(folder, 0.2, lambda p: p)
    large = [picture for picture in learned if min(picture.shape[:2]) >= 12]
    parts = random_parts(large, 12, 5, np.random.default_rng(4))
    assert tuple(parts.shape) == (5, 3, 12, 12)
    assert 0 <= float(parts.min()) < float(parts.max()) <= 1
    assert torch.equal(parts, random_parts(large, 12, 5, np.random.default_rng(4)))
    assert not torch.equal(parts, random_parts(large, 12, 5, np.random.default_rng(5)))


def test_a_schedule_validates_at_least_four_times():
    asked = SimpleNamespace(steps=100, minutes=0.0, rate=0.1)
    made = planned(asked, SimpleNamespace(seed=3), 250)
    assert (made.steps, made.minutes, made.rate, made.seed, made.check_every) == (
        100, None, 0.1, 3, 25,
    )  # fmt: skip
    longer = planned(SimpleNamespace(steps=9000, minutes=5.0, rate=0.1), SimpleNamespace(seed=0))
    assert (longer.minutes, longer.check_every) == (5.0, 500)
    assert planned(SimpleNamespace(steps=2, minutes=0, rate=1), made).check_every == 1
