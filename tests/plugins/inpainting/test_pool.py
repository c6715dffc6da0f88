"""The fillings that a training learns from: made once, gone on with, and deleted at the end."""

from __future__ import annotations

import numpy as np
import pytest

from studio.nn.training import ConsoleContext, TrainingPaused
from studio_plugins.inpainting.pool import FOLDER, exemplars, forget_exemplars
from studio_plugins.inpainting.training import InpaintingRecipe

RECIPE = InpaintingRecipe(size=32, exemplars=20)


class Pausing(ConsoleContext):
    """Is asked to stop for now at its second report."""

    reports = 0

    def progress(self, fraction, message):
        self.reports += 1
        if self.reports == 2:
            raise TrainingPaused


def pictures():
    random = np.random.default_rng(0)
    return [random.integers(0, 255, (48, 40, 3), np.uint8) for _ in range(4)]


def test_a_pause_changes_nothing(tmp_path):
    whole = exemplars(pictures(), RECIPE, ConsoleContext(tmp_path / "one"))
    with pytest.raises(TrainingPaused):
        exemplars(pictures(), RECIPE, Pausing(tmp_path / "two"))
    resumed = exemplars(pictures(), RECIPE, ConsoleContext(tmp_path / "two"))
    for name in ("images", "holes", "exemplars"):
        assert np.array_equal(getattr(whole, name), getattr(resumed, name))
    changed = whole.images != whole.exemplars
    assert changed.any()
    assert not changed[np.broadcast_to(whole.holes == 0, changed.shape)].any()


def test_files_that_were_being_made_are_made_anew(tmp_path):
    folder = tmp_path / FOLDER
    folder.mkdir()
    (folder / "images.npy").write_bytes(b"\x93NUMPY half of it")
    made = exemplars(pictures(), RECIPE, ConsoleContext(tmp_path))
    assert made.images.any(axis=(1, 2, 3)).all()


def test_ending_now_does_not_wait_for_it(tmp_path):
    made = exemplars(pictures(), RECIPE, ConsoleContext(tmp_path, finishing=True))
    assert not made.images.any()


def test_nothing_is_left_of_it(tmp_path):
    context = ConsoleContext(tmp_path)
    exemplars(pictures(), RECIPE, context)
    forget_exemplars(context)
    assert list(tmp_path.iterdir()) == []
