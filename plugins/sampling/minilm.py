"""MiniLM, the sentence encoder that teaches ours (Wang et al. 2020; Reimers and Gurevych 2019).

The weights are those of all-MiniLM-L6-v2 as sentence-transformers saves them, a BERT (Devlin et al.
2019) of six layers; nothing of it is shipped or needed to make pictures.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.nn.checkpoints import CheckpointError, read_state_dict

SIZE = 384
_LAYERS, _HEADS = 6, 12
_LONGEST = 64  # pieces of words
_WORD = re.compile(r"[^\W_]+|[^\w\s]|_")


class Pieces:
    """WordPiece (Wu et al. 2016): words as the longest pieces that a vocabulary has."""

    def __init__(self, vocabulary: dict[str, int]) -> None:
        self._vocabulary = vocabulary
        self._start, self._end = vocabulary["[CLS]"], vocabulary["[SEP]"]
        self._split = lru_cache(maxsize=100_000)(self._pieces)

    def __call__(self, text: str) -> list[int]:
        """Numbers of a text's pieces, between those of start and end."""
        plain = unicodedata.normalize("NFD", text.lower())
        plain = "".join(letter for letter in plain if unicodedata.category(letter) != "Mn")
        found = [piece for word in _WORD.findall(plain) for piece in self._split(word)]
        return [self._start, *found[: _LONGEST - 2], self._end]

    def _pieces(self, word: str) -> tuple[int, ...]:
        found, begin = [], 0
        while begin < len(word):
            for end in range(len(word), begin, -1):
                number = self._vocabulary.get(("##" if begin else "") + word[begin:end])
                if number is not None:
                    break
            else:
                return (self._vocabulary["[UNK]"],)
            found.append(number)
            begin = end
        return tuple(found)


class MiniLM(nn.Module):
    """Texts to directions whose angles say how near their meanings are."""

    def __init__(self, state: dict[str, Tensor], vocabulary: dict[str, int]) -> None:
        super().__init__()
        self.pieces = Pieces(vocabulary)
        for name, tensor in state.items():
            if tensor.is_floating_point():
                self.register_buffer(name.replace(".", "_"), tensor.float())

    @torch.no_grad()
    def forward(self, texts: Sequence[str]) -> Tensor:
        """N texts to N x 384, of length 1."""
        numbers = [self.pieces(text) for text in texts]
        longest = max(map(len, numbers))
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in numbers])
        mask = torch.tensor([[True] * len(row) + [False] * (longest - len(row)) for row in numbers])
        x = F.embedding(ids, self._weight("embeddings.word_embeddings.weight"))
        x = x + self._weight("embeddings.position_embeddings.weight")[:longest]
        x = x + self._weight("embeddings.token_type_embeddings.weight")[0]
        x = self._normalized("embeddings.LayerNorm", x)
        for number in range(_LAYERS):
            x = self._layer(f"encoder.layer.{number}", x, mask)
        share = mask[..., None].float()
        return F.normalize((x.float() * share).sum(1) / share.sum(1), dim=1)

    def _layer(self, name: str, x: Tensor, mask: Tensor) -> Tensor:
        query, key, value = (
            self._linear(f"{name}.attention.self.{part}", x)
            .reshape(*x.shape[:2], _HEADS, -1)
            .transpose(1, 2)
            for part in ("query", "key", "value")
        )
        seen = F.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :])
        seen = self._linear(f"{name}.attention.output.dense", seen.transpose(1, 2).flatten(2))
        x = self._normalized(f"{name}.attention.output.LayerNorm", x + seen)
        wide = F.gelu(self._linear(f"{name}.intermediate.dense", x))
        narrow = self._linear(f"{name}.output.dense", wide)
        return self._normalized(f"{name}.output.LayerNorm", x + narrow)

    def _linear(self, name: str, x: Tensor) -> Tensor:
        return F.linear(x, self._weight(f"{name}.weight"), self._weight(f"{name}.bias"))

    def _normalized(self, name: str, x: Tensor) -> Tensor:
        weight, bias = self._weight(f"{name}.weight"), self._weight(f"{name}.bias")
        return F.layer_norm(x.float(), (SIZE,), weight, bias, 1e-12)

    def _weight(self, name: str) -> Tensor:
        return self.get_buffer(name.replace(".", "_"))


def load_minilm(weights: Path, tokenizer: Path) -> MiniLM:
    """The encoder of its model.safetensors and tokenizer.json.

    Raises:
        CheckpointError: if they are not there, or hold something else.
    """
    hint = "The model all-minilm-l6-v2 has both."
    try:
        read = json.loads(tokenizer.read_text(encoding="utf-8"))
        model = MiniLM(read_state_dict(weights), read["model"]["vocab"])
        model(["a test"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        message = f"{weights} and {tokenizer.name} are no MiniLM of six layers: {error}."
        raise CheckpointError(message, hint) from error
    return model.eval()
