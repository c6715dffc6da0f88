"""From a checkpoint to a network of one of the families, ours or one by others."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from studio.api import ModelCard, Recognised, UserError
from studio.nn.autoencoders import Autoencoder
from studio.nn.checkpoints import CheckpointError, describe_keys, read_state_dict
from studio.nn.gans import DcganGenerator
from studio.nn.style_generator import StyleGenerator
from studio_plugins.sampling.complete_network import ARCHITECTURE, Completer
from studio_plugins.sampling.families_common import SPREAD
from studio_plugins.sampling.foreign import foreign_model
from studio_plugins.sampling.latent_models import (
    AutoencoderModel,
    GeneratorModel,
    LatentModel,
    StyleModel,
)
from studio_plugins.sampling.names import LABELS, classes_of

_FEW = 20  # classes that can all be named


class UnknownFamilyError(CheckpointError):
    """The weights are readable, but belong to no network that draws from latents."""


def load_latent_model(card: ModelCard, paths: Sequence[Path]) -> LatentModel:
    """Build a model's network, in float32 on the CPU.

    Raises:
        UserError: naming what was found, if the file holds no such network.
    """
    try:
        return read_latent_model(paths[0])
    except CheckpointError as error:
        raise UserError(f"{card.title}: {error.message}", error.hint) from error


def load_completer(card: ModelCard, paths: Sequence[Path]) -> Completer:
    """Build a model's network, in float32 on the CPU.

    Raises:
        UserError: naming what was found, if the file holds no such network.
    """
    try:
        return read_completer(paths[0])
    except CheckpointError as error:
        raise UserError(f"{card.title}: {error.message}", error.hint) from error


def recognise_latent(paths: tuple[Path, ...]) -> Recognised | None:
    """What a checkpoint is; None if it draws from no latents.

    Raises:
        CheckpointError: if it is damaged, or could run code.
    """
    try:
        model = read_latent_model(paths[0])
    except UnknownFamilyError:
        return None
    kind = type(getattr(model, "network", model)).__name__
    classes = f", {model.classes} classes" if model.classes else ""
    return Recognised(
        kind,
        extra={LABELS: "\n".join(map(str, range(model.classes)))} if model.classes else {},
        summary=f"{kind}: draws pictures of {model.size} pixels from {model.length} numbers{classes}.",
    )


def recognise_completer(paths: tuple[Path, ...]) -> Recognised | None:
    """What a checkpoint is; None if it completes nothing.

    Raises:
        CheckpointError: if it is damaged, or could run code.
    """
    try:
        completer = read_completer(paths[0])
    except UnknownFamilyError:
        return None
    size = completer.tokenizer.size
    return Recognised(ARCHITECTURE, summary=f"Completes pictures, at {size} pixels.")


def read_latent_model(path: Path) -> LatentModel:
    """Build the network of a checkpoint.

    Raises:
        CheckpointError: if it cannot be read safely or is of another kind.
    """
    state = read_state_dict(path)
    try:
        model = _ours(state) or foreign_model(state)
    except (KeyError, RuntimeError, IndexError, ValueError) as error:
        raise _unknown(state, path.name) from error
    if model is None:
        raise _unknown(state, path.name)
    return model.eval()


def read_completer(path: Path) -> Completer:
    """Build the network of a checkpoint.

    Raises:
        CheckpointError: if it cannot be read safely or is of another kind.
    """
    state = read_state_dict(path)
    try:
        return Completer.from_state(state).eval()
    except (KeyError, RuntimeError, IndexError, ValueError) as error:
        raise _unknown(state, path.name) from error


def labels_of(card: ModelCard, classes: int) -> tuple[str, ...]:
    """Names of a model's classes; their numbers where the card has none."""
    names = classes_of(card)
    return names if len(names) == classes else tuple(map(str, range(classes)))


def spread_of(card: ModelCard) -> float:
    """How varied the pictures were that a model learned from; 0 where its card does not say."""
    try:
        return float(card.extra.get(SPREAD, "0"))
    except ValueError:
        return 0.0


def label_number(label: str, names: Sequence[str], title: str) -> int | None:
    """The number of a class from its name, its beginning, or its number; None for any.

    Raises:
        UserError: if there is no such class.
    """
    wanted = _folded(label.strip())
    if not wanted:
        return None
    if not names:
        raise UserError(f"{title} knows no classes.", "Leave the class open.")
    folded = [_folded(name) for name in names]
    if wanted in folded:
        return folded.index(wanted)
    begun = [number for number, name in enumerate(folded) if name.startswith(wanted)]
    if len(begun) == 1:
        return begun[0]
    if wanted.isdecimal() and int(wanted) < len(names):
        return int(wanted)
    near = [] if len(names) <= _FEW else difflib.get_close_matches(wanted, folded, 3)
    shown = [names[folded.index(name)] for name in near] or list(names[:_FEW])
    raise UserError(f"{title} has no class {label}.", f"Choose one of: {', '.join(shown)}.")


def _folded(name: str) -> str:
    """Capitals do not matter, nor whether words are joined as in the name of a folder."""
    return name.casefold().replace(" ", "_")


def _ours(state: Mapping[str, Tensor]) -> LatentModel | None:
    if {"down.0.weight", "from_latent.weight", "axes"} <= state.keys():
        return AutoencoderModel(Autoencoder.from_state(state))
    if {"start", "center", "mapping.0.weight"} <= state.keys():
        return StyleModel(StyleGenerator.from_state(state))
    if {"first.weight", "layers.0.running_mean"} <= state.keys():
        return GeneratorModel(DcganGenerator.from_state(state))
    return None


def _unknown(state: Mapping[str, Tensor], name: str) -> UnknownFamilyError:
    return UnknownFamilyError(
        f"{name} is no network that draws pictures as was asked. It holds {describe_keys(state)}.",
        "Known are networks trained here, DCGANs, and small generators, VAEs and diffusion of digits.",
    )
