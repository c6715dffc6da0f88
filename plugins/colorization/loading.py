"""From a checkpoint to a network that predicts colors."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from studio.api import ModelCard, Recognised, UserError
from studio.nn.checkpoints import CheckpointError, describe_keys, read_state_dict
from studio.nn.lab import lab_to_srgb, srgb_to_lab
from studio_plugins.colorization.networks import CALM, VIEWS, Colorizer, read_colorizer
from studio_plugins.colorization.predictors import AB, Prediction, Predictor
from studio_plugins.colorization.preparing import resized
from studio_plugins.colorization.zhang import BINS, Eccv16, GrayToColor, Siggraph17, grid_centers

EXTRA = "spandrel_extra_arches"
_DDCOLOR_KEYS = ("refine_net.0.0.weight_orig", "encoder.arch.stages.3.0.gamma")
_DDCOLOR_SIDE = 256  # of the picture that it sees, whatever the shape


class UnknownColorizerError(CheckpointError):
    """The weights are readable, but belong to no network that colors pictures."""


def load_predictor(card: ModelCard, paths: Sequence[Path]) -> Predictor:
    """Build a model's network, in float32 on the CPU.

    Raises:
        UserError: naming what was found, if the file holds no such network.
    """
    try:
        return read_predictor(paths[0])
    except CheckpointError as error:
        raise UserError(f"{card.title}: {error.message}", error.hint) from error


def recognise(paths: tuple[Path, ...]) -> Recognised | None:
    """What a checkpoint is; None if it is no network that colors.

    Raises:
        CheckpointError: if it is damaged, could run code, or needs a package that is not installed.
    """
    try:
        found = read_predictor(paths[0])
    except UnknownColorizerError:
        return None
    hints = "with hints" if found.hints else "without hints"
    return Recognised(
        found.architecture, summary=f"{found.architecture}: colors pictures, {hints}."
    )


def read_predictor(path: Path) -> Predictor:
    """Build the network of a checkpoint, in float32 on the CPU.

    Raises:
        CheckpointError: if it cannot be read safely or is of another kind.
    """
    state = read_state_dict(path)
    if "centers" in state and "stem.0.weight" in state:
        return _ours(path)
    if "model1.0.weight" in state and "model_out.weight" in state:
        return _eccv16(state, path.name)
    if "model1.0.weight" in state and "model_out.0.weight" in state:
        return _siggraph17(state, path.name)
    if all(key in state for key in _DDCOLOR_KEYS):
        return _ddcolor(state, path.name)
    if set(state) == {f"conv{n}.{part}" for n in range(1, 5) for part in ("weight", "bias")}:
        return _gray_to_color(state, path.name)
    raise UnknownColorizerError(
        f"{path.name} is no network that colors pictures: {describe_keys(state)}.",
        "Known are our own, eccv16 and siggraph17, DDColor, and plain convolutions from gray to RGB.",
    )


def _filled(network: nn.Module, state: Mapping[str, Tensor], name: str) -> None:
    """Load the weights; those of eccv16 and siggraph17 come with empty entries of other versions."""
    try:
        network.load_state_dict({key: value.float() for key, value in state.items()})
    except RuntimeError as error:
        raise UnknownColorizerError(
            f"{name} looks like a {type(network).__name__}, but holds {describe_keys(state)}.",
            "Choose the file as it was published.",
        ) from error
    network.eval()


def _ours(path: Path) -> Predictor:
    network = read_colorizer(path)

    def call(lightness: Tensor, hints: Tensor) -> Prediction:
        return Prediction(network(lightness, hints), network.centers)

    return Predictor(
        network,
        call,
        architecture="Colorizer",
        multiple=Colorizer.multiple,
        hints=True,
        calm=CALM,
        views=VIEWS,
    )


def _eccv16(state: Mapping[str, Tensor], name: str) -> Predictor:
    if state["model_out.weight"].shape[:2] != (2, BINS):
        raise UnknownColorizerError(
            f"{name} has {tuple(state['model_out.weight'].shape)} as its colors, not 2 x {BINS}."
        )
    network = Eccv16(state["model1.0.weight"].shape[0])
    _filled(network, state, name)

    def call(lightness: Tensor, _hints: Tensor) -> Prediction:
        centers = network.model_out.weight[:, :, 0, 0].T * AB
        return Prediction(network(100 * lightness), centers)

    return Predictor(network, call, architecture="eccv16", multiple=8, hints=False)


def _siggraph17(state: Mapping[str, Tensor], name: str) -> Predictor:
    network = Siggraph17(state["model1.0.weight"].shape[0])
    _filled(network, state, name)

    def call(lightness: Tensor, hints: Tensor) -> Prediction:
        ab, logits = network(100 * lightness, hints)
        return Prediction(logits, grid_centers().to(ab), ab)

    return Predictor(network, call, architecture="siggraph17", multiple=8, hints=True)


def _gray_to_color(state: Mapping[str, Tensor], name: str) -> Predictor:
    shapes = [tuple(state[f"conv{n}.weight"].shape) for n in range(1, 5)]
    first, second, third, last = shapes
    chained = first[1] == 1 and last[0] == 3 and all(shape[2:] == (5, 5) for shape in shapes)
    if not chained:
        raise UnknownColorizerError(f"{name} has convolutions of other shapes: {shapes}.")
    network = GrayToColor((first[0], second[0], third[0]))
    _filled(network, state, name)

    def call(lightness: Tensor, _hints: Tensor) -> Prediction:
        return Prediction(ab=srgb_to_lab(network(_gray(lightness)[:, :1]))[:, 1:])

    return Predictor(network, call, architecture="GrayToColor", multiple=1, hints=False)


def _ddcolor(state: Mapping[str, Tensor], name: str) -> Predictor:
    """DDColor (Kang et al. 2023), from a package of spandrel's authors with its own license."""
    try:
        extra = importlib.import_module(EXTRA)
    except ImportError as error:
        raise CheckpointError(
            f"{name} is a DDColor network, whose code comes with the package {EXTRA}, and that is "
            "not installed.",
            f"Install it with pip install {EXTRA}, if its license suits you.",
        ) from error
    from spandrel import (  # type: ignore[import-untyped]  # it ships no types
        ArchRegistry,
        ModelLoader,
    )

    registry = ArchRegistry()
    registry.add(*extra.EXTRA_REGISTRY)
    try:
        model = ModelLoader(registry=registry).load_from_state_dict(dict(state)).model
    except Exception as error:  # its architectures raise nearly every type on foreign weights
        raise CheckpointError(f"{name} is no DDColor network that can be read: {error}.") from error

    if state[_DDCOLOR_KEYS[0]].shape[0] != 2:
        raise UnknownColorizerError(f"{name} is a DDColor network that gives RGB, not a and b.")

    def call(lightness: Tensor, _hints: Tensor) -> Prediction:
        gray = resized(_gray(lightness), _DDCOLOR_SIDE, _DDCOLOR_SIDE)
        return Prediction(ab=resized(model(gray), *lightness.shape[2:]))

    return Predictor(model, call, architecture="DDColor", multiple=8, hints=False)


def _gray(lightness: Tensor) -> Tensor:
    """N x 1 x h x w, L / 100, as N x 3 x h x w sRGB."""
    return lab_to_srgb(
        torch.cat([100 * lightness, torch.zeros_like(lightness).expand(-1, 2, -1, -1)], dim=1)
    ).clamp(0, 1)
