"""A causal transformer over a grid of tokens: each is drawn after those before it.

Chen et al. 2020, "Generative Pretraining from Pixels", and Esser et al. 2021, "Taming Transformers",
https://arxiv.org/abs/2012.09841: tokens in reading order, from top left to bottom right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_HEAD = 32


class TokenTransformer(nn.Module):
    """Logits of each token of a grid, given those before it and the class.

    Args:
        codes: different tokens.
        side: rows and columns of the grid.
        width: channels, a multiple of 32.
        depth: layers.
        classes: number of classes; one more stands for any.
        dropout: in training.
    """

    def __init__(
        self,
        codes: int = 512,
        side: int = 16,
        width: int = 128,
        depth: int = 5,
        classes: int = 0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.codes, self.side, self.classes = codes, side, classes
        self.begin = nn.Embedding(classes + 1, width)
        self.tokens = nn.Embedding(codes, width)
        self.rows = nn.Parameter(torch.randn(side, 1, width) * 0.02)
        self.columns = nn.Parameter(torch.randn(1, side, width) * 0.02)
        self.layers = nn.ModuleList(_Layer(width, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        nn.init.normal_(self.begin.weight, std=0.02)
        nn.init.normal_(self.tokens.weight, std=0.02)

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> TokenTransformer:
        """The network whose weights these are; its sizes are read from their shapes.

        Raises:
            KeyError: if a tensor is missing.
            RuntimeError: if shapes contradict each other.
        """
        codes, width = state["tokens.weight"].shape
        depth = len({key.split(".")[1] for key in state if key.startswith("layers.")})
        classes = state["begin.weight"].shape[0] - 1
        network = cls(codes, state["rows"].shape[0], width, depth, classes)
        network.load_state_dict({key: value.float() for key, value in state.items()})
        return network

    def forward(self, tokens: Tensor, label: Tensor) -> Tensor:
        """Logits of all tokens, N x L x codes.

        Args:
            tokens: N x L whole numbers in reading order, L = side * side.
            label: N whole numbers; ``classes`` stands for any.
        """
        given = torch.cat([self.begin(label)[:, None], self.tokens(tokens[:, :-1])], 1)
        hidden = given + self._places()[: given.shape[1]]
        for layer in self.layers:
            hidden = layer(hidden)
        return self._logits(hidden)

    @torch.no_grad()
    def complete(
        self,
        known: Tensor,
        label: Tensor,
        temperature: float = 1.0,
        top: float = 1.0,
        report: Callable[[int, Tensor], None] = lambda _, __: None,
    ) -> Tensor:
        """Draw the tokens that are missing, from torch's generator.

        Args:
            known: N x L' tokens that are there already, in reading order; L' may be 0.
            label: N whole numbers; ``classes`` stands for any.
            temperature: 1: as learned; towards 0 the likeliest alone.
            top: the likeliest tokens that together have this probability are drawn from (Holtzman
                et al. 2019, "nucleus sampling").
            report: called after each token with its number and all tokens so far, N x L''.

        Returns:
            N x side * side tokens.
        """
        places, end = self._places(), self.side**2
        tokens = known
        # What is known passes at once; then one token at a time meets the keys of those before.
        given = torch.cat([self.begin(label)[:, None], self.tokens(known)], 1)[:, :end]
        past: list[tuple[Tensor, Tensor] | None] = [None] * len(self.layers)
        while tokens.shape[1] < end:
            start = tokens.shape[1] + 1 - given.shape[1]
            hidden = given + places[start : start + given.shape[1]]
            for number, layer in enumerate(self._each_layer()):
                hidden, past[number] = layer.step(hidden, past[number])
            drawn = _drawn(self._logits(hidden[:, -1]).float(), temperature, top)
            tokens = torch.cat([tokens, drawn], 1)
            given = self.tokens(drawn)
            report(tokens.shape[1], tokens)
        return tokens

    def _each_layer(self) -> list[_Layer]:
        return [layer for layer in self.layers if isinstance(layer, _Layer)]

    def _places(self) -> Tensor:
        return (self.rows + self.columns).flatten(0, 1)

    def _logits(self, hidden: Tensor) -> Tensor:
        return F.linear(self.norm(hidden), self.tokens.weight)


class _Layer(nn.Module):
    """Attention and a two-layer network, each on normalized input and added to it."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self._heads = max(width // _HEAD, 1)
        self.attend = nn.LayerNorm(width)
        self.project = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)
        self.think = nn.LayerNorm(width)
        self.wide = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)
        self._dropout = dropout

    def forward(self, hidden: Tensor) -> Tensor:
        query, key, value = self._projected(hidden)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self._after(hidden, mixed)

    def step(
        self, hidden: Tensor, past: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Some more tokens, with the keys and values of those before."""
        query, key, value = self._projected(hidden)
        if past is not None:
            key, value = (torch.cat([a, b], 2) for a, b in zip(past, (key, value), strict=True))
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=past is None)
        return self._after(hidden, mixed), (key, value)

    def _projected(self, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        parts = self.project(self.attend(hidden)).unflatten(2, (3, self._heads, -1))
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        return query, key, value

    def _after(self, hidden: Tensor, mixed: Tensor) -> Tensor:
        hidden = hidden + self._dropped(self.join(mixed.transpose(1, 2).flatten(2)))
        thought = self.narrow(F.gelu(self.wide(self.think(hidden))))
        return hidden + self._dropped(thought)

    def _dropped(self, values: Tensor) -> Tensor:
        return F.dropout(values, self._dropout, self.training)


def _drawn(logits: Tensor, temperature: float, top: float) -> Tensor:
    """One token for each row of N x codes logits, N x 1."""
    if temperature < 1e-3:
        return logits.argmax(1, keepdim=True)
    shares = (logits / temperature).softmax(1)
    if top < 1:
        ranked, order = shares.sort(1, descending=True)
        ranked = torch.where(ranked.cumsum(1) - ranked < top, ranked, 0.0)
        shares = torch.zeros_like(shares).scatter_(1, order, ranked)
    return torch.multinomial(shares, 1)
