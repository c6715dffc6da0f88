"""A plugin for tests of the training bench: a network of twelve numbers learns to invert colors.

It is copied into the folder of dropped-in plugins and knows only what anyone's does.
"""

from __future__ import annotations

from typing import Literal

from studio.api import (
    Folder,
    Operation,
    Parameters,
    Trainer,
    choice,
    hookimpl,
    integer,
    model,
    number,
    text,
)

api_version = 1


class Apply(Parameters):
    model: str | None = model("tiny-tint")


class Recipe(Parameters):
    steps: int = integer(60, minimum=1, maximum=100_000, help="Steps of the optimizer")
    wait: int = integer(0, minimum=0, maximum=1000, unit="ms", help="Rest after each step")
    rate: float = number(0.05, minimum=0, maximum=1)
    start: str = text("", help="Not used, as a model or the path of a file")
    trouble: Literal["none", "error", "exit", "diverge", "status"] = choice("none", advanced=True)


@hookimpl
def operations():
    return [
        Operation("tinytrain.apply", "Tiny tint", "Test", "Apply a tint.", Apply, ":apply"),
    ]


@hookimpl
def trainers():
    return [
        Trainer(
            id="tinytrain",
            title="A tiny tint",
            help="Learns to invert colors.",
            parameters=Recipe,
            function=":train",
            folders=(Folder("Photographs", "Any pictures", minimum=3, smallest=8),),
            task="tiny-tint",
            operation="tinytrain.apply",
        ),
        Trainer(
            id="tinytrain.pairs",
            title="A tiny tint from pairs",
            help="Learns what pairs show.",
            parameters=Recipe,
            function=":train",
            folders=(Folder("Pairs", "Before and after", kind="pairs", minimum=3, smallest=8),),
            task="tiny-tint",
            operation="tinytrain.apply",
        ),
    ]


def apply(pixels, mask, parameters, context):
    import torch
    from safetensors.torch import load_file

    card = context.card(parameters.model, "tiny-tint")

    def load():
        network = torch.nn.Conv2d(3, 3, 1)
        state = load_file(context.files(card.id)[0])
        network.load_state_dict({name: tensor.float() for name, tensor in state.items()})
        return network

    return context.network(card.id, load)(pixels).clamp(0, 1)


def train(data, parameters, context):
    import os
    import time
    from dataclasses import dataclass, field

    import numpy as np
    import torch

    from studio.nn.loops import Schedule, Validation, fit
    from studio.nn.pictures import list_pictures, random_crop, read_picture
    from studio.nn.training import Trained

    def tensor(pictures):
        return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255

    print("Printing is allowed")  # noqa: T201 - what is tested
    torch.manual_seed(context.seed)
    pictures = [read_picture(file) for file in list_pictures(data[0])]
    network = torch.nn.Conv2d(3, 3, 1).to(context.device)
    optimizer = torch.optim.Adam(network.parameters(), lr=parameters.rate)

    @dataclass
    class Learner:
        parts: dict = field(default_factory=lambda: {"network": network, "optimizer": optimizer})

        def step(self, rate, random):
            time.sleep(parameters.wait / 1000)
            if parameters.trouble == "error":
                raise ValueError("the recipe broke")
            if parameters.trouble == "exit":
                os._exit(7)
            for group in optimizer.param_groups:
                group["lr"] = rate
            chosen = random.integers(len(pictures), size=4)
            x = tensor([random_crop(pictures[i], 8, random).copy() for i in chosen])
            loss = (network(x) - (1 - x)).square().mean()
            if parameters.trouble == "diverge":
                loss = loss * float("nan")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return {"loss": float(loss.detach())}

        def validate(self):
            x = tensor([picture[:8, :8] for picture in pictures[:2]])
            with torch.no_grad():
                y = network(x)
            error = float((y - (1 - x)).abs().mean())
            return Validation(-error, {"error": error}, torch.cat([x[0], y[0]], 2))

        def weights(self):
            return network.state_dict()

    schedule = Schedule(
        parameters.steps, None, parameters.rate, context.seed, check_every=25, save_seconds=0.2
    )
    done = fit(Learner(), schedule, context)
    if parameters.trouble == "status":  # the model can be kept, but not that it was
        (context.folder / "status.json.part").mkdir(exist_ok=True)
    return Trained(
        done.path, "Tint", done.steps, done.metrics, {"scale": "1", "kind": "linear"}, "A tint."
    )
