"""Tokenizer and transformer together: a network that completes pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from studio.nn.autoregressive import TokenTransformer
from studio.nn.tokenizers import Tokenizer

ARCHITECTURE = "TokenTransformer"


class Completer(nn.Module):
    """Completes pictures below a line, token by token in reading order.

    Args:
        tokenizer: pictures to tokens and back.
        transformer: of as many codes, and a grid of the same side.
    """

    def __init__(self, tokenizer: Tokenizer, transformer: TokenTransformer) -> None:
        super().__init__()
        self.tokenizer, self.transformer = tokenizer, transformer

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> Completer:
        """The network whose weights these are; its sizes are read from their shapes.

        Raises:
            KeyError: if a tensor is missing.
            RuntimeError: if shapes contradict each other.
        """
        halves = {
            part: {
                key.removeprefix(part): value
                for key, value in state.items()
                if key.startswith(part)
            }
            for part in ("tokenizer.", "transformer.")
        }
        transformer = TokenTransformer.from_state(halves["transformer."])
        patch = halves["tokenizer."]["patches.weight"].shape[2]
        tokenizer = Tokenizer.from_state(halves["tokenizer."], transformer.side * patch)
        return cls(tokenizer, transformer)

    @torch.no_grad()
    def complete(
        self,
        planes: Tensor,
        rows: int,
        label: Tensor,
        temperature: float,
        top: float,
        report: Callable[[int, Tensor], None] = lambda _, __: None,
    ) -> Tensor:
        """Draw what is below the first rows of tokens, from torch's generator.

        Args:
            planes: N x C x size x size in [-1, 1]; what is below the line has no influence.
            rows: rows of tokens that are kept, from 0 to the tokenizer's ``side``.
            label: N whole numbers; the transformer's ``classes`` stands for any.
            temperature: 1: as learned; towards 0 the likeliest alone.
            top: see `TokenTransformer.complete`.
            report: called after each token with its number and all tokens so far.

        Returns:
            N x C x size x size, about [-1, 1]; above the line it is what the tokenizer keeps.
        """
        side = self.tokenizer.side
        known = self.tokenizer.encode(planes).flatten(1)[:, : rows * side]
        tokens = self.transformer.complete(known, label, temperature, top, report)
        return self.tokenizer.decode(tokens.view(-1, side, side))

    def so_far(self, tokens: Tensor) -> Tensor:
        """Planes of an unfinished grid; what is missing shows the first token known."""
        side = self.tokenizer.side
        missing = tokens[:, :1].expand(-1, side**2 - tokens.shape[1])
        return self.tokenizer.decode(torch.cat([tokens, missing], 1).view(-1, side, side))
