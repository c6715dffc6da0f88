"""Networks that restyle a picture after a code of the style, all with one interface."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.api import ModelCard, UserError
from studio.nn.checkpoints import CheckpointError, read_state_dict
from studio.nn.onnx_module import OnnxModule
from studio.nn.resample import bicubic_resize
from studio_plugins.style_transfer.networks import StyleNetwork, from_state

_LARGEST_STYLE = 1536  # long side in pixels of a style picture as an encoder sees it
_SMALLEST_STYLE = 32  # short side: encoders halve it four and five times


class StyleModel(nn.Module):
    """A network with an encoder of styles: the code of a style, and a picture in that style.

    Attributes:
        multiple: sides of what it renders must be multiples of this.
        overlap: pixels that neighbouring tiles must share.
        exact: names of submodules to keep in float32.
        side: short side at which it was trained to see styles.
    """

    multiple: ClassVar[int] = 4
    overlap: ClassVar[int] = 64
    exact: ClassVar[tuple[str, ...]] = ()
    side: ClassVar[int] = 256

    @classmethod
    @abstractmethod
    def load(cls, paths: Sequence[Path]) -> Self:
        """Build it from its files, in float32 on the CPU.

        Raises:
            CheckpointError: if they hold something else.
        """

    @abstractmethod
    def encode(self, style: Tensor) -> Tensor:
        """The code of a style, 1 x 3 x H x W in [0, 1] to 1 x K. Codes can be averaged."""

    @abstractmethod
    def forward(self, content: Tensor, code: Tensor) -> Tensor:
        """A picture in a style: N x 3 x H x W in [0, 1] and 1 x K to N x 3 x H x W."""

    def seen(self, style: Tensor, scale: float = 1.0) -> Tensor:
        """A style picture as large as the encoder wants it, times ``scale``.

        Args:
            style: 1 x 3 x H x W of any size.
            scale: above 1 the encoder looks closer: at finer strokes, at fewer of them in one glance.
        """
        height, width = style.shape[2:]
        factor = self.side * scale / min(height, width)
        factor = min(factor, _LARGEST_STYLE / max(height, width))
        size = [max(_SMALLEST_STYLE, round(side * factor)) for side in (height, width)]
        return bicubic_resize(style, *size).clamp(0, 1)


class BundledStyle(StyleModel):
    """The network that was trained here, and those that people train.

    Args:
        network: it.
    """

    exact = ("network.encoder", "network.colors")
    side = 192

    def __init__(self, network: StyleNetwork) -> None:
        super().__init__()
        self.network = network

    @classmethod
    def load(cls, paths: Sequence[Path]) -> Self:
        """From one file of weights."""
        state = read_state_dict(paths[0])
        try:
            return cls(from_state(state))
        except (KeyError, RuntimeError, ValueError) as error:
            raise CheckpointError(
                f"{paths[0].name} is not a network for any style ({error}).",
                "Train one with: impasto train style-transfer.arbitrary",
            ) from error

    def encode(self, style: Tensor) -> Tensor:
        """1 x 3 x H x W to 1 x K."""
        return self.network.encode_style(style).float()

    def forward(self, content: Tensor, code: Tensor) -> Tensor:
        """N x 3 x H x W and 1 x K to N x 3 x H x W."""
        out: Tensor = self.network(content, code)
        return out


class MagentaStyle(StyleModel):
    """Magenta's arbitrary image stylization (Ghiasi et al. 2017), from its two ONNX files.

    Source: https://arxiv.org/abs/1705.06830. The style is a code of 100 numbers, predicted by a
    MobileNet.

    Args:
        predict: NHWC picture to code.
        transform: NHWC picture and code to NHWC picture.
    """

    exact = ("predict",)

    def __init__(self, predict: OnnxModule, transform: OnnxModule) -> None:
        super().__init__()
        self.predict = predict
        self.transform = transform

    @classmethod
    def load(cls, paths: Sequence[Path]) -> Self:
        """From the files of the predictor and the transformer."""
        predict, transform = (OnnxModule(path) for path in paths)
        if len(predict.input_names) != 1 or len(transform.input_names) != 2:
            raise CheckpointError(
                f"{paths[0].name} and {paths[1].name} are not a predictor of styles and a network "
                "that applies them."
            )
        return cls(predict, transform)

    def encode(self, style: Tensor) -> Tensor:
        """1 x 3 x H x W to 1 x 100."""
        code = self.predict(style.permute(0, 2, 3, 1))
        return _one(code).reshape(1, -1).float()

    def forward(self, content: Tensor, code: Tensor) -> Tensor:
        """N x 3 x H x W and 1 x 100 to N x 3 x H x W."""
        out = self.transform(content.permute(0, 2, 3, 1), code[:, None, None])
        return _one(out).permute(0, 3, 1, 2)


class PresetStyles(StyleModel):
    """A network that knows a fixed number of styles (Dumoulin et al. 2017): their shares are the code.

    Source: https://arxiv.org/abs/1610.07629.

    Args:
        network: picture and shares to picture.
    """

    exact = ("network.constants",)

    def __init__(self, network: OnnxModule) -> None:
        super().__init__()
        self.network = network
        self.count = math.prod(side or 0 for side in network.input_shapes[1])

    @classmethod
    def load(cls, paths: Sequence[Path]) -> Self:
        """From one file."""
        network = OnnxModule(paths[0])
        if len(network.input_names) != 2 or None in network.input_shapes[1]:
            raise CheckpointError(f"{paths[0].name} is not a network with built-in styles.")
        return cls(network)

    def encode(self, style: Tensor) -> Tensor:
        """It has no encoder.

        Raises:
            UserError: always; its styles are chosen by number.
        """
        del style
        raise UserError(
            "This model has styles of its own and takes no other.", "Choose one for any style."
        )

    def forward(self, content: Tensor, code: Tensor) -> Tensor:
        """N x 3 x H x W and 1 x styles to N x 3 x H x W."""
        return _one(self.network(content, code[0]))


MODELS: dict[str, type[StyleModel]] = {
    "StyleNetwork": BundledStyle,
    "Magenta arbitrary": MagentaStyle,
    "Magenta multi-style": PresetStyles,
}
"""By the ``architecture`` of their cards."""


def load_style_model(card: ModelCard, paths: Sequence[Path]) -> StyleModel:
    """Build a model's network, in float32 on the CPU.

    Raises:
        UserError: naming what was found, if its files hold no such network.
    """
    kind = MODELS.get(card.architecture)
    if kind is None:
        raise UserError(
            f"{card.title} is a {card.architecture}, which does not take any picture as its style.",
            f"Choose a model that is one of: {', '.join(MODELS)}.",
        )
    try:
        return kind.load(paths)
    except CheckpointError as error:
        raise UserError(f"{card.title}: {error.message}", error.hint) from error


def blended(codes: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """The code between several: their average by weight, which need not add up to 1."""
    shares = torch.tensor(weights, dtype=torch.float32, device=codes[0].device)
    stacked = torch.stack(list(codes))
    return (stacked * (shares / shares.sum()).reshape(-1, *[1] * codes[0].dim())).sum(0)


def shares(count: int, chosen: Sequence[tuple[int, float]], device: torch.device) -> Tensor:
    """1 x ``count`` shares of built-in styles, that add up to 1."""
    found = torch.zeros(1, count, device=device)
    for number, share in chosen:
        found += share * F.one_hot(torch.tensor([number], device=device), count)
    return found / found.sum()


def _one(out: Tensor | tuple[Tensor, ...]) -> Tensor:
    return out[0] if isinstance(out, tuple) else out
