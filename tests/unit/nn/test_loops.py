from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from studio.nn.loops import Schedule, Validation, fit
from studio.nn.training import ConsoleContext, TrainingError, TrainingPaused


class Line:
    """Fits y = 3x - 1 with one linear layer and some dropout noise."""

    def __init__(self):
        torch.manual_seed(0)
        self.network = nn.Linear(1, 1)
        self.optimiser = torch.optim.Adam(self.network.parameters())
        self.scores = []
        self.poison = None
        self.steps = 0

    @property
    def parts(self):
        return {"network": self.network, "optimiser": self.optimiser}

    def step(self, rate, random):
        self.steps += 1
        x = torch.tensor(random.normal(size=(32, 1)), dtype=torch.float32)
        noise = nn.functional.dropout(torch.ones_like(x), 0.1)  # from torch's own generator
        loss = (self.network(x) - (3 * x - 1) * noise).square().mean()
        self.optimiser.param_groups[0]["lr"] = rate
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        value = float(loss.detach())
        return {"loss": value if self.poison is None else self.poison}

    def validate(self):
        x = torch.linspace(-1, 1, 9)[:, None]
        error = float((self.network(x) - (3 * x - 1)).detach().abs().mean())
        score = self.scores.pop(0) if self.scores else -error
        return Validation(score, {"held-out error": error}, torch.zeros(3, 4, 4))

    def weights(self):
        return {"scale": self.network.weight.detach(), "count": torch.tensor(3)}


class Context(ConsoleContext):
    """Pauses, crashes or finishes at the given step."""

    pause_at = finish_at = None
    seen = 0

    def progress(self, fraction, message):
        self.seen += 1
        if self.seen == self.pause_at:
            raise TrainingPaused
        if self.seen == self.finish_at:
            self.finishing = True


SCHEDULE = Schedule(steps=200, minutes=None, rate=0.05, seed=4, check_every=50)


def context(folder, **wishes):
    made = Context(folder, torch.device("cpu"))
    for name, value in wishes.items():
        setattr(made, name, value)
    return made


def test_a_loop_learns_and_keeps_its_weights_as_float16(tmp_path):
    fitted = fit(Line(), SCHEDULE, context(tmp_path))
    kept = load_file(fitted.path)
    assert kept["scale"].dtype == torch.float16
    assert kept["count"].dtype == torch.int64
    assert float(kept["scale"]) == pytest.approx(3.0, abs=0.4)
    assert fitted.steps == 200
    assert fitted.metrics["held-out error"] < 0.3
    assert (tmp_path / "samples.png").is_file()


def test_a_paused_training_goes_on_as_if_nothing_had_been(tmp_path):
    whole = Line()
    fit(whole, SCHEDULE, context(tmp_path / "whole"))
    with pytest.raises(TrainingPaused):
        fit(Line(), SCHEDULE, context(tmp_path / "parts", pause_at=73))
    resumed = Line()
    fit(resumed, SCHEDULE, context(tmp_path / "parts"))
    assert resumed.steps == 200 - 73
    assert torch.equal(resumed.network.weight, whole.network.weight)
    assert torch.equal(resumed.network.bias, whole.network.bias)


def test_a_pause_at_a_validation_does_not_skip_it(tmp_path):
    with pytest.raises(TrainingPaused):
        fit(Line(), SCHEDULE, context(tmp_path, pause_at=100))
    fit(Line(), SCHEDULE, context(tmp_path))
    lines = [json.loads(x) for x in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [x["step"] for x in lines if "held-out error" in x] == [50, 100, 150, 200]


def test_a_score_that_is_no_number_is_not_the_best(tmp_path):
    learner = Line()
    learner.scores = [1.0, float("nan"), 0.5, 0.5]
    assert fit(learner, SCHEDULE, context(tmp_path)).step == 50


def test_a_crash_loses_no_more_than_what_follows_the_last_checkpoint(tmp_path):
    class Crash(Exception):
        pass

    whole, crashing = Line(), Line()
    fit(whole, SCHEDULE, context(tmp_path / "whole"))
    step = crashing.step

    def falling(rate, random):
        if crashing.steps == 120:
            raise Crash
        return step(rate, random)

    crashing.step = falling
    with pytest.raises(Crash):
        fit(crashing, SCHEDULE, context(tmp_path / "parts"))
    resumed = Line()
    fit(resumed, SCHEDULE, context(tmp_path / "parts"))
    assert resumed.steps == 100  # from the checkpoint beside the second validation
    assert torch.equal(resumed.network.weight, whole.network.weight)


def test_the_best_weights_are_kept_not_the_last(tmp_path):
    learner = Line()
    learner.scores = [1.0, 5.0, 2.0, 3.0]
    fitted = fit(learner, SCHEDULE, context(tmp_path))
    assert fitted.step == 100
    assert float(load_file(fitted.path)["scale"]) != float(learner.network.weight.detach().half())


def test_finishing_early_validates_and_keeps_what_there_is(tmp_path):
    fitted = fit(Line(), SCHEDULE, context(tmp_path, finish_at=10))
    assert fitted.steps == 10
    assert fitted.path.is_file()


def test_weights_that_learned_nothing_are_not_kept(tmp_path):
    with pytest.raises(TrainingError, match="before anything was learned"):
        fit(Line(), SCHEDULE, context(tmp_path, finishing=True))
    assert not (tmp_path / "best.safetensors").exists()


def test_minutes_end_a_training(tmp_path):
    schedule = Schedule(steps=10**9, minutes=0.02, rate=0.01, check_every=10**9)
    assert 0 < fit(Line(), schedule, context(tmp_path)).steps < 10**6


def test_a_loss_that_is_no_number_ends_the_training_and_keeps_the_best(tmp_path):
    learner = Line()
    fit(learner, SCHEDULE, context(tmp_path, finish_at=60))
    kept = (tmp_path / "best.safetensors").read_bytes()
    broken = Line()
    broken.poison = float("nan")
    with pytest.raises(TrainingError, match="diverged at step"):
        fit(broken, SCHEDULE, context(tmp_path))
    assert (tmp_path / "best.safetensors").read_bytes() == kept


def test_the_log_has_losses_and_validations(tmp_path):
    fit(Line(), SCHEDULE, context(tmp_path))
    lines = [json.loads(x) for x in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert {"step", "loss"} == set(lines[0])
    assert [x["step"] for x in lines if "held-out error" in x] == [50, 100, 150, 200]
    assert np.mean([x["loss"] for x in lines[-3:] if "loss" in x]) < lines[0]["loss"]
