"""The prompts that text to picture is judged by say what they mean, and repeat no caption."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

PROMPTS = json.loads((Path(__file__).parent / "prompts.json").read_text(encoding="utf-8"))
VENDORS = {
    "noto": "noto",
    "twemoji": "twemoji",
    "openmoji": "openmoji",
    "fluent_flat": "fluent",
    "fluent_3d": "fluent",
}


@pytest.fixture(scope="module")
def captions(shared):
    lines = (shared / "data/emoji/captions.jsonl").read_text(encoding="utf-8").splitlines()
    return {entry["codepoint"]: entry for entry in map(json.loads, lines)}


def test_there_are_two_hundred_and_forty():
    paraphrases, compositions = PROMPTS["paraphrases"], PROMPTS["compositions"]
    assert len({entry["prompt"] for entry in paraphrases}) == 200
    assert len(set(compositions)) == 40
    groups = Counter(entry["group"] for entry in paraphrases)
    assert len(groups) == 9
    assert min(groups.values()) >= 6


def test_each_means_a_concept_that_three_vendors_drew(captions):
    for entry in PROMPTS["paraphrases"]:
        assert entry["codepoints"]
        for code in entry["codepoints"]:
            found = captions[code]
            assert found["group"] == entry["group"]
            drawn = {VENDORS[vendor] for vendor in found["vendors"] if vendor in VENDORS}
            assert len(drawn) >= 3, entry["prompt"]


def test_none_is_a_name_or_keyword(captions):
    known = {
        words.lower()
        for entry in captions.values()
        for words in (entry["name"], *entry["keywords"])
    }
    prompts = [entry["prompt"] for entry in PROMPTS["paraphrases"]] + PROMPTS["compositions"]
    assert not [prompt for prompt in prompts if prompt.lower() in known]
