"""Variations: other colors where the network is undecided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from studio.host.hints import Dab
from studio.host.results import RunResult
from studio_plugins.colorization.predictors import Prediction
from studio_plugins.colorization.preparing import Hints, no_hints
from studio_plugins.colorization.variations import alternatives, others

Array = np.ndarray[Any, Any]
CENTERS = torch.tensor([[0.0, 0.0], [60.0, 40.0], [-40.0, 30.0], [10.0, -50.0]])
RED, GREEN, BLUE = CENTERS[1:]


def undecided(height: int = 16, width: int = 24) -> Tensor:
    """Gray, but red or else green at the upper left, and blue or green at the lower right."""
    logits = torch.zeros(1, 4, height, width)
    logits[:, 0] = 6
    logits[:, :, 2:7, 2:7] = torch.tensor([0.0, 3.0, 2.6, 0.0])[None, :, None, None]
    logits[:, :, 9:14, 16:22] = torch.tensor([0.0, 0.0, 2.0, 3.0])[None, :, None, None]
    return logits


def test_the_other_color_of_the_least_decided_place_comes_first() -> None:
    found = others(Prediction(undecided(), CENTERS), no_hints(undecided()), 2, 0.2)
    assert (found[0].row, found[0].column) == (4, 4)
    assert torch.equal(found[0].color, GREEN)
    assert 9 <= found[1].row < 14
    assert 16 <= found[1].column < 22


def test_nothing_is_tried_near_what_the_user_said() -> None:
    logits = undecided()
    hints = no_hints(torch.zeros(1, 1, 64, 96)).with_spot(16, 16, RED, 3)
    assert 9 <= others(Prediction(logits, CENTERS), hints, 1, 0.2)[0].row < 14


def test_a_network_with_hints_is_asked_again_with_one_more() -> None:
    asked: list[Hints] = []

    def predict(hints: Hints) -> Prediction:
        asked.append(hints)
        return Prediction(undecided(), CENTERS)

    made = list(
        alternatives(predict, no_hints(torch.zeros(1, 1, 64, 96)), 3, 0.2, takes_hints=True)
    )
    assert len(made) == len(asked) == 3
    assert not bool(asked[0].cover.any())
    for hints in asked[1:]:
        assert 0 < int(hints.cover.sum()) < 50
    assert torch.equal(asked[1].ab[0, :, 18, 18], GREEN)


def test_without_hints_the_color_is_raised_where_the_same_is_expected() -> None:
    first, second = alternatives(
        lambda _: Prediction(undecided(), CENTERS),
        no_hints(torch.zeros(1, 1, 64, 96)), 2, 0.2, takes_hints=False,
    )  # fmt: skip
    was, now = first.colors(0.2)[0], second.colors(0.2)[0]
    assert (was[:, 4, 4] - RED).norm() < 20
    assert (now[:, 2:7, 2:7] - GREEN[:, None, None]).norm(dim=0).max() < 10
    assert (now[:, 1, 20] - was[:, 1, 20]).norm() < 1


def test_who_names_one_color_has_one_coloring() -> None:
    made = list(
        alternatives(
            lambda _: Prediction(ab=torch.zeros(1, 2, 4, 4)),
            no_hints(torch.zeros(1, 1, 16, 16)), 4, 0.4, takes_hints=False,
        )
    )  # fmt: skip
    assert len(made) == 1


def test_the_annealed_mean_goes_from_mean_to_mode() -> None:
    prediction = Prediction(undecided(), CENTERS)
    mean, mode = prediction.colors(1.0)[0, :, 4, 4], prediction.colors(0.0)[0, :, 4, 4]
    assert torch.allclose(mode, RED, atol=0.1)
    shares = torch.softmax(torch.tensor([0.0, 3.0, 2.6, 0.0]), 0)
    assert torch.allclose(mean, shares @ CENTERS, atol=1e-3)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_as_many_as_asked_for_that_differ(
    photo: Callable[..., Array], run: Callable[..., RunResult], count: int
) -> None:
    result = run(photo(64, 96), hints=(Dab(20, 20, 2, "#8a5a3c"),), variations=count)
    assert result.variations == count
    pixels = [images[0].pixels.astype(int) for images in result.variants]
    for number, each in enumerate(pixels):
        assert all(np.abs(each - other).max() > 8 for other in pixels[:number])
