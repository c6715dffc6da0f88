from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from studio.nn.ema import ExponentialMovingAverage
from studio.nn.losses import charbonnier
from studio.nn.training import (
    Budget,
    ConsoleContext,
    cosine_rate,
    load_checkpoint,
    save_checkpoint,
)


def test_average_trails_the_weights_and_copies_buffers():
    network = nn.BatchNorm1d(2)
    average = ExponentialMovingAverage(network, decay=0.9)
    with torch.no_grad():
        network.weight.fill_(2.0)
        network.running_mean.fill_(5.0)
    for _ in range(3):
        average.update(network)
    assert torch.all(average.shadow.weight > 1.0)
    assert torch.all(average.shadow.weight < 2.0)
    assert torch.equal(average.shadow.running_mean, network.running_mean)
    for _ in range(200):
        average.update(network)
    assert torch.allclose(average.shadow.weight, network.weight, atol=1e-3)
    assert not average.shadow.weight.requires_grad


def test_charbonnier_is_an_absolute_difference_away_from_zero():
    a, b = torch.full((1, 3, 2, 2), 0.75), torch.full((1, 3, 2, 2), 0.25)
    assert charbonnier(a, b).item() == pytest.approx(0.5, abs=1e-5)
    assert charbonnier(a, a).item() == pytest.approx(1e-3, rel=1e-3)


def test_rate_rises_then_falls_to_its_floor():
    rates = [cosine_rate(i / 100, 1e-3) for i in range(101)]
    assert rates[0] < rates[1] == max(rates) == pytest.approx(1e-3)
    assert rates[1:] == sorted(rates[1:], reverse=True)
    assert rates[-1] == pytest.approx(1e-6)


def test_budget_ends_with_its_steps_or_its_minutes():
    assert Budget(10).fraction(5) == 0.5
    assert Budget(10).fraction(20) == 1
    assert Budget(10, minutes=1, spent=45).fraction(0) == pytest.approx(0.75, abs=0.01)
    assert Budget(10, minutes=1, spent=90).fraction(0) == 1


def test_checkpoint_round_trip_leaves_no_partial_file(tmp_path):
    path = tmp_path / "checkpoint.pt"
    assert load_checkpoint(path, torch.device("cpu")) is None
    save_checkpoint(path, {"step": 3, "network": nn.Linear(2, 2).state_dict()})
    state = load_checkpoint(path, torch.device("cpu"))
    assert state is not None
    assert state["step"] == 3
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_console_context_writes_a_log_and_sheets(tmp_path, capsys):
    context = ConsoleContext(tmp_path / "run", torch.device("cpu"))
    context.log(7, {"loss": 0.5})
    context.sample("sheet", torch.rand(3, 8, 12))
    context.progress(0.25, "step 7")
    lines = (tmp_path / "run" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0]) == {"step": 7, "loss": 0.5}
    assert (tmp_path / "run" / "sheet.png").is_file()
    assert "25.0%  step 7" in capsys.readouterr().out
