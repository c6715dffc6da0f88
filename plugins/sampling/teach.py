"""Makes the file from which our text encoder learns what words mean: sentences as MiniLM sees them.

    python -m studio_plugins.sampling.teach --captions emoji --minilm FOLDER --wordnet dict \
        --words frequent.txt --output taught.safetensors

Sentences are the captions, their keywords and what can be said with them; the definitions and words
of WordNet (Fellbaum 1998), which say in other words what captions name; and the most frequent words
of English. Definitions that MiniLM finds near a caption are kept as further captions for it.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from studio_plugins.sampling.captions import TEMPLATES, Concept, read_captions
from studio_plugins.sampling.minilm import MiniLM, load_minilm

_KNOWN = 40_000  # of the most frequent words: definitions of others are left out
_NEAR = 0.55  # cosine from which a definition means a caption
_MOST = 24  # of such definitions for one caption
_BATCH = 256
_LONGEST = 18  # words of a definition
_COLORS = ("red", "blue", "green", "yellow", "pink", "purple", "orange", "black", "white", "golden")
_KINDS = ("happy", "sad", "small", "big", "old", "cute", "angry", "broken", "shiny", "wooden")


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, ask the teacher, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("captions", "minilm", "wordnet", "words", "output"):
        parser.add_argument(
            f"--{name}", type=Path, required=name in {"captions", "minilm", "output"}
        )
    given = parser.parse_args(arguments)
    concepts = list(read_captions(given.captions).values())
    frequent = given.words.read_text(encoding="utf-8").split()[:_KNOWN] if given.words else []
    defined = list(definitions(given.wordnet, frequent)) if given.wordnet else []
    teacher = load_minilm(given.minilm / "model.safetensors", given.minilm / "tokenizer.json")

    def told(done: float) -> None:
        sys.stdout.write(f"{done:.0%} of the sentences\n")
        sys.stdout.flush()

    write_taught(given.output, teacher, concepts, told, defined, frequent)


def write_taught(
    output: Path,
    teacher: MiniLM,
    concepts: Sequence[Concept],
    told: Callable[[float], None],
    defined: Sequence[str] = (),
    frequent: Sequence[str] = (),
) -> None:
    """Write the file of what the teacher makes of captions.

    Args:
        output: the file, for `text_learning.Taught`.
        teacher: sees the sentences.
        concepts: whose captions they are.
        told: is told now and then which share is done.
        defined: words and definitions; those near a caption become further captions.
        frequent: words to be seen as well.
    """
    random = np.random.default_rng(0)
    said = [sentence for concept in concepts for sentence in said_of(concept, random)]
    sentences = list(dict.fromkeys([*said, *defined, *frequent, *_mixed(concepts, random)]))
    place = {sentence: number for number, sentence in enumerate(sentences)}
    embeddings = embedded(teacher, sentences, told)
    meant = _meanings(concepts, place, [place[sentence] for sentence in defined], embeddings)
    text = torch.from_numpy(np.frombuffer("\n".join(sentences).encode(), np.uint8).copy())
    partial = output.with_suffix(".part")
    save_file({"text": text, "embeddings": embeddings, "meant": meant}, partial)
    partial.replace(output)


def said_of(concept: Concept, random: np.random.Generator) -> Iterator[str]:
    """What can be said of a concept: name, keywords, some of them together."""
    yield concept.spoken
    yield concept.summary()
    yield from concept.keywords
    for template in TEMPLATES[:5]:
        yield template.format(concept.spoken)
    for _ in range(6):
        yield concept.caption(random)


def definitions(folder: Path, known: Sequence[str]) -> Iterator[str]:
    """Words of WordNet that are known, and the definitions of what they mean."""
    words = set(known)
    for kind in ("noun", "verb", "adj", "adv"):
        for line in (folder / f"data.{kind}").read_text(encoding="utf-8").splitlines():
            if line.startswith(" "):
                continue
            facts, _, gloss = line.partition(" | ")
            fields = facts.split()
            names = [
                re.sub(r"\(.*\)", "", n).replace("_", " ")
                for n in fields[4 : 4 + 2 * int(fields[3], 16) : 2]
            ]
            names = [n for n in names if all(w in words for w in n.lower().split())]
            if not names:
                continue
            yield from (name.lower() for name in names)
            definition = re.sub(r"^\([^)]*\)\s*", "", re.split(r"[;\"]", gloss)[0].strip())
            if 3 <= len(definition.split()) <= _LONGEST:
                yield definition


def _mixed(concepts: Sequence[Concept], random: np.random.Generator) -> Iterator[str]:
    """Captions with colors and qualities that they need not have."""
    for concept in concepts:
        for words in (_COLORS, _KINDS):
            yield f"a {words[int(random.integers(len(words)))]} {concept.spoken}"


def embedded(teacher: MiniLM, sentences: Sequence[str], told: Callable[[float], None]) -> Tensor:
    """N sentences as N x 384, float16; those of a length together."""
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    found = torch.empty(len(sentences), 384, dtype=torch.float16)
    for begin in range(0, len(order), _BATCH):
        some = order[begin : begin + _BATCH]
        with torch.autocast("cpu", torch.bfloat16):
            found[some] = teacher([sentences[i] for i in some]).half()
        told(min((begin + _BATCH) / len(order), 1.0))
    return found


def _meanings(
    concepts: Sequence[Concept], place: dict[str, int], defined: Sequence[int], embeddings: Tensor
) -> Tensor:
    """Pairs of a definition and the name that it means, M x 2, numbers of sentences."""
    names = torch.tensor([place[concept.spoken] for concept in concepts])
    whole = torch.tensor([place[concept.summary()] for concept in concepts])
    centers = embeddings[names].float() + embeddings[whole].float()
    centers = torch.nn.functional.normalize(centers, dim=1)
    numbers = torch.tensor(list(dict.fromkeys(defined)), dtype=torch.int64)
    pairs = []
    for some in torch.split(numbers, 4096):
        near, which = (embeddings[some].float() @ centers.T).max(1)
        pairs += [
            (s, w, n)
            for s, w, n in zip(some.tolist(), which.tolist(), near.tolist(), strict=True)
            if n > _NEAR
        ]
    pairs.sort(key=lambda pair: -pair[2])
    counts: dict[int, int] = {}
    kept = []
    for sentence, concept, _ in pairs:
        counts[concept] = counts.get(concept, 0) + 1
        if counts[concept] <= _MOST and sentence != int(names[concept]):
            kept.append((sentence, int(names[concept])))
    return torch.tensor(kept, dtype=torch.int64).reshape(-1, 2)


if __name__ == "__main__":
    main()
