"""From text to numbers: every word has some, and like words share them."""

from __future__ import annotations

import torch

from studio_plugins.sampling.networks import TextEncoder
from studio_plugins.sampling.words import BUCKETS, LENGTH, PARTS, encode, parts_of, words_of


def test_words_are_lower_case_without_accents_and_punctuation():
    assert words_of("A Café, (the dog's) – 100 % #1!") == [
        "a", "cafe", "the", "dog's", "100", "%", "#", "1", "!"
    ]  # fmt: skip


def test_like_words_share_most_of_their_parts():
    dog, dogs, other = (set(parts_of(word)) for word in ("elephant", "elephants", "toadstool"))
    assert len(dog & dogs) > len(dog) / 2
    assert len(dog & other) <= 1
    assert all(0 < part < BUCKETS for part in dog | dogs | other)


def test_texts_of_any_length_become_a_batch():
    words = encode(["", "one", "word " * 100])
    assert words.shape == (3, LENGTH, PARTS)
    assert not words[0].any()
    assert encode([""]).shape == (1, 1, PARTS)


def test_padding_changes_nothing():
    torch.manual_seed(0)
    network = TextEncoder(width=16, depth=2, heads=2, letters=8).eval()
    alone = network(encode(["a dog"]))
    beside = network(encode(["a dog", "a much longer text about a cat"]))
    assert torch.allclose(alone.pooled[0], beside.pooled[0], atol=1e-5)
    assert torch.allclose(alone.tokens[0], beside.tokens[0, : alone.tokens.shape[1]], atol=1e-5)
    assert beside.mask.sum(1).tolist() == [3, 8]
    assert torch.isfinite(network(encode([""])).pooled).all()
