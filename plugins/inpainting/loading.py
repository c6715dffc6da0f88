"""From a checkpoint to a network that fills holes, and what must be known of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from studio.api import ModelCard, Recognised, UserError
from studio.nn.checkpoints import CheckpointError, describe_keys, read_state_dict
from studio.nn.inpainting import InpaintingNetwork, read_inpainting_network
from studio_plugins.inpainting.networks import FfcUnet

OURS = "InpaintingNetwork"
SIZE = 512
_PROBE = 64  # side of the first picture that a network of others is tried on


class Filler(nn.Module):
    """One shape for all networks that fill holes.

    Args:
        network: ``(image, mask) -> image`` over N x 3 x h x w in [0, 1] and N x 1 x h x w of 0 and 1.
        architecture: its name, for people.
        size: sides that it is made for, in pixels.
        multiple: sides must be multiples of this.
        call: how to call it, where that takes more than ``network(image, mask)``.
        exemplars: whether it takes a filling with patches as well, ``network(image, mask, exemplar)``.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        architecture: str,
        size: int = SIZE,
        multiple: int = 16,
        call: Callable[[Tensor, Tensor], Tensor] | None = None,
        exemplars: bool = False,
    ) -> None:
        super().__init__()
        self.network = network
        self.architecture = architecture
        self.size = size
        self.multiple = multiple
        self.exemplars = exemplars
        self._run: Callable[..., Tensor] = call or network

    def forward(self, image: Tensor, mask: Tensor, exemplar: Tensor | None = None) -> Tensor:
        """The picture with its hole filled; known pixels come out as the network likes."""
        if self.exemplars:
            return self._run(image, mask, exemplar)
        return self._run(image, mask)


class UnknownNetworkError(CheckpointError):
    """The weights are readable, but belong to no network that fills holes."""


def recognise(paths: tuple[Path, ...]) -> Recognised | None:
    """What an inpainting checkpoint is; None if it is of another kind.

    Raises:
        CheckpointError: if it is damaged, or could run code.
    """
    try:
        filler = read_filler(paths[0])
    except UnknownNetworkError:
        return None
    return Recognised(
        filler.architecture,
        summary=f"{filler.architecture}: fills holes, at about {filler.size} pixels.",
    )


def load_filler(card: ModelCard, path: Path) -> Filler:
    """Build a model's network, in float32 on the CPU.

    Raises:
        UserError: naming what was found, if the file holds no such network.
    """
    try:
        filler = read_filler(path)
    except CheckpointError as error:
        raise UserError(f"{card.title}: {error.message}", error.hint) from error
    size = card.extra.get("size", "")
    if size.isdecimal():  # what it was trained for, where a training made it
        filler.size = max(int(size), filler.multiple)
    return filler


def read_filler(path: Path) -> Filler:
    """Build the network that a checkpoint holds.

    Raises:
        CheckpointError: if it cannot be read safely, or holds another network.
    """
    state = read_state_dict(path)
    if {"down2.conv.weight", "trunk.0.spectral.conv.weight"} <= state.keys():
        network = read_inpainting_network(path)
        multiple = InpaintingNetwork.multiple
        return Filler(network, architecture=OURS, multiple=multiple, exemplars=True)
    if {"enc1.0.weight", "bottleneck1.global_branch.conv.0.weight"} <= state.keys():
        try:
            return Filler(FfcUnet.from_state(state), architecture="FfcUnet", size=128, multiple=4)
        except (KeyError, RuntimeError) as error:
            raise _unknown(state, path.name) from error
    return _from_spandrel(state, path.name)


def _from_spandrel(state: dict[str, Tensor], name: str) -> Filler:
    import spandrel  # type: ignore[import-untyped]  # it ships no types

    registry = spandrel.MAIN_REGISTRY.copy()
    try:
        import spandrel_extra_arches  # type: ignore[import-not-found]  # optional
    except ImportError:
        pass
    else:
        registry.add(*spandrel_extra_arches.EXTRA_REGISTRY)
    try:
        with warnings.catch_warnings():
            # Some of its architectures call torch.meshgrid in a way that torch means to change.
            warnings.filterwarnings("ignore", message="torch.meshgrid")
            found = spandrel.ModelLoader("cpu", registry).load_from_state_dict(dict(state))
    except Exception as error:  # its architectures raise nearly every type on foreign weights
        raise _unknown(state, name) from error
    if not isinstance(found, spandrel.MaskedImageModelDescriptor):
        raise UnknownNetworkError(
            f"{name} is a {found.architecture.name} network ({found.purpose}), which does not fill "
            "holes.",
            "Look for a plugin for its purpose.",
        )
    needs = found.size_requirements
    filler = Filler(
        found.model,
        architecture=found.architecture.name,
        size=max(SIZE, needs.minimum or 0),
        multiple=max(needs.multiple_of, 16),
        call=found,
    )
    _try_out(filler, state, name)
    return filler.eval()


def _try_out(filler: Filler, state: dict[str, Tensor], name: str) -> None:
    """Run it once, small: other networks can bear names that look like a known one's."""
    image, mask = torch.full((1, 3, _PROBE, _PROBE), 0.5), torch.zeros(1, 1, _PROBE, _PROBE)
    mask[..., :8, :8] = 1
    try:
        with torch.no_grad():
            out = filler.eval()(image, mask)
    except Exception as error:  # a foreign network fails in any way there is
        raise _unknown(state, name) from error
    if out.shape != image.shape:
        raise _unknown(state, name)


def _unknown(state: dict[str, Tensor], name: str) -> UnknownNetworkError:
    return UnknownNetworkError(
        f"{name} is not a known network that fills holes. It holds {describe_keys(state)}.",
        "Use LaMa or another inpainting model that spandrel lists; MAT needs the package "
        "spandrel_extra_arches.",
    )
