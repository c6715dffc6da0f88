"""The recipes of the painters, small: they go on after an interruption, and read captions as told."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file, save_file

from studio.api import validate
from studio.nn.training import ConsoleContext, TrainingError, TrainingPaused
from studio_plugins.sampling.captions import concept_of, is_held_out, read_captions
from studio_plugins.sampling.drawings import over_white, premultiplied, read_drawings, straight
from studio_plugins.sampling.painter import Design, Painter
from studio_plugins.sampling.text_learning import Taught
from studio_plugins.sampling.train import train_class, train_text
from studio_plugins.sampling.training import ClassDiffusionRecipe, TextDiffusionRecipe

SMALL = {"size": 16, "widths": "8 16", "blocks": "1 1", "batch": 4, "words": 16, "steps": 4}
CODEC = {"codec": "8 8", "latent": 3, "codec_steps": 3, "widths": "8 16"}
WORDS = {"depth": 1, "letters": 8, "text_steps": 3}
COLORS = ("red", "green", "blue", "orange")


@pytest.fixture(autouse=True)
def _one_thread(_steady_torch):
    """Networks this small gain nothing from two, and wait for each other on a busy machine."""
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Two styles of eight things, with captions for all but one of them."""
    root = tmp_path_factory.mktemp("pictures")
    entries = []
    for style in ("flat", "line"):
        (root / style).mkdir()
        for number in range(8):
            image = Image.new("RGBA", (32, 32))
            color = COLORS[number % 4]
            box, pen = [6, 6, 26, 26], ImageDraw.Draw(image)
            shape = pen.ellipse if number < 4 else pen.rectangle
            shape(box, fill=color if style == "flat" else None, outline=color, width=3)
            image.save(root / style / f"{number}.png")
    for number in range(7):
        name = f"{COLORS[number % 4]} {'ball' if number < 4 else 'box'}"
        kind = "round" if number < 4 else "square"
        entries.append({"codepoint": str(number), "name": name, "keywords": [name, ":D", "toy"]})
        entries[-1]["group"] = kind
    lines = "\n".join(json.dumps(entry) for entry in entries)
    (root / "captions.jsonl").write_text(lines + "\nbroken", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """Sentences with random directions; two of them mean a name."""
    sentences = [f"{color} {thing}" for color in COLORS for thing in ("ball", "box", "cup")]
    text = torch.tensor(list("\n".join(sentences).encode()), dtype=torch.uint8)
    rows = torch.nn.functional.normalize(torch.randn(len(sentences), 12), dim=1).half()
    path = tmp_path_factory.mktemp("taught") / "taught.safetensors"
    save_file({"text": text, "embeddings": rows, "meant": torch.tensor([[2, 0], [5, 0]])}, path)
    return path


class Context(ConsoleContext):
    pause_at = finish_at = 0
    reports = 0

    def progress(self, fraction, message):
        self.reports += 1
        if self.reports == self.pause_at:
            raise TrainingPaused
        if self.reports == self.finish_at:
            self.finishing = True


def context(folder, pause_at=0):
    made = Context(folder, torch.device("cpu"))
    made.pause_at = pause_at
    return made


def recipe(kind, taught, **more):
    if kind.startswith("latent"):
        kind, more = kind.removeprefix("latent "), {**CODEC, **more}
    if kind == "text":
        values = {**SMALL, **WORDS, "taught": str(taught), **more}
        return train_text, validate(TextDiffusionRecipe, values)
    return train_class, validate(ClassDiffusionRecipe, {**SMALL, "grouped": True, **more})


@pytest.mark.parametrize(
    ("kind", "pause_at"),
    [("text", 3), ("text", 7), ("class", 4), ("latent text", 3), ("latent class", 6)],
)
def test_a_recipe_that_is_paused_ends_with_the_same_weights(
    kind, pause_at, pictures, taught, tmp_path
):
    train, parameters = recipe(kind, taught)
    whole = train((pictures,), parameters, context(tmp_path / "whole"))
    with pytest.raises(TrainingPaused):
        train((pictures,), parameters, context(tmp_path / "parts", pause_at))
    resumed = train((pictures,), parameters, context(tmp_path / "parts"))
    expected, found = load_file(whole.path), load_file(resumed.path)
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert whole.steps == resumed.steps == 4
    assert (tmp_path / "parts" / "samples.png").is_file()


@pytest.mark.parametrize(
    ("kind", "finish_at"), [("text", 3), ("latent text", 3), ("latent text", 6)]
)
def test_a_painter_that_never_learned_to_paint_is_not_kept(
    kind, finish_at, pictures, taught, tmp_path
):
    train, parameters = recipe(kind, taught)
    ended = context(tmp_path / "run")
    ended.finish_at = finish_at
    with pytest.raises(TrainingError, match="before anything was learned"):
        train((pictures,), parameters, ended)
    assert train((pictures,), parameters, context(tmp_path / "run")).steps == 4


@pytest.mark.parametrize("kind", ["text", "class", "latent text"])
def test_the_card_of_a_model_describes_its_network(kind, pictures, taught, tmp_path):
    train, parameters = recipe(kind, taught, steps=1)
    made = train((pictures,), parameters, context(tmp_path / "run"))
    design = Design.read(made.extra["design"])
    assert design.styles == ("flat", "line")
    assert design.labels == (("round", "square") if kind == "class" else ())
    assert design.shape == ((3, 4, 4) if kind.startswith("latent") else (4, 16, 16))
    Painter(design).load_state_dict(load_file(made.path))
    more = recipe(kind, taught, steps=1, rate=1e-6, start=str(made.path))[1]
    again = train((pictures,), more, context(tmp_path / "more"))
    before, after = load_file(made.path), load_file(again.path)
    assert all(torch.allclose(before[n], after[n], atol=1e-2) for n in before)


def test_folders_are_classes_unless_groups_are_asked_for(pictures, taught, tmp_path):
    train, parameters = recipe("class", taught, steps=1, grouped=False)
    made = train((pictures,), parameters, context(tmp_path / "run"))
    assert Design.read(made.extra["design"]).labels == ("flat", "line")


def test_a_folder_without_things_to_tell_apart_is_refused(taught, tmp_path):
    for kind in ("text", "class"):
        train, parameters = recipe(kind, taught)
        with pytest.raises(TrainingError, match="too few"):
            train((tmp_path,), parameters, context(tmp_path / "run"))


def test_a_file_that_teaches_nothing_is_refused(pictures, tmp_path):
    file = tmp_path / "weights.safetensors"
    save_file({"weight": torch.zeros(3)}, file)
    train, parameters = recipe("text", file)
    with pytest.raises(TrainingError, match="holds no sentences"):
        train((pictures,), parameters, context(tmp_path / "run"))


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    """Weights and tokenizer of a MiniLM that is narrow inside, of random weights."""
    letters = [*"abcdefghijklmnopqrstuvwxyz"]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *(f"##{letter}" for letter in letters)]
    generator = torch.Generator().manual_seed(2)
    wide, narrow = 384, 16
    shapes = {
        "embeddings.word_embeddings.weight": (len(words), wide),
        "embeddings.position_embeddings.weight": (64, wide),
        "embeddings.token_type_embeddings.weight": (2, wide),
    }
    for number in range(6):
        layer = f"encoder.layer.{number}"
        for part in ("attention.self.query", "attention.self.key", "attention.self.value"):
            shapes[f"{layer}.{part}.weight"] = (wide, wide)
        shapes[f"{layer}.attention.output.dense.weight"] = (wide, wide)
        shapes[f"{layer}.intermediate.dense.weight"] = (narrow, wide)
        shapes[f"{layer}.output.dense.weight"] = (wide, narrow)
    state = {name: 0.1 * torch.randn(s, generator=generator) for name, s in shapes.items()}
    state |= {
        name.replace("weight", "bias"): torch.zeros(shape[0])
        for name, shape in shapes.items()
        if name.startswith("encoder")
    }
    norms = ["embeddings", *(f"encoder.layer.{n}.attention.output" for n in range(6))]
    for name in (*norms, *(f"encoder.layer.{n}.output" for n in range(6))):
        state[f"{name}.LayerNorm.weight"] = torch.ones(wide)
        state[f"{name}.LayerNorm.bias"] = torch.zeros(wide)
    folder = tmp_path_factory.mktemp("minilm")
    save_file(state, folder / "model.safetensors")
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = folder / "tokenizer.json"
    tokenizer.write_text(json.dumps({"model": {"vocab": vocabulary}}), encoding="utf-8")
    return folder / "model.safetensors", tokenizer


def test_a_teacher_says_what_captions_mean(pictures, teacher, tmp_path, monkeypatch):
    ended = context(tmp_path / "run")
    asked = []
    monkeypatch.setattr(ended, "files", lambda model: asked.append(model) or teacher)
    train, parameters = recipe("text", "", teacher="all-minilm-l6-v2")
    made = train((pictures,), parameters, ended)
    assert asked == ["all-minilm-l6-v2"]
    sentences = Taught.read(tmp_path / "run" / "text" / "sentences.safetensors")
    assert {"red ball", "a red ball", "green box"} <= set(sentences.sentences)
    assert sentences.embeddings.shape == (len(sentences.sentences), 384)
    lines = [json.loads(x) for x in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert any("held-out cosine to the teacher" in line for line in lines)
    Painter(Design.read(made.extra["design"])).load_state_dict(load_file(made.path))


def test_what_is_no_teacher_is_refused(pictures, teacher, tmp_path):
    parameters = recipe("text", "", teacher=str(teacher[0]))[1]
    with pytest.raises(TrainingError, match="is no teacher"):
        train_text((pictures,), parameters, context(tmp_path / "run"))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"blocks": "1"}, "same number"),
        ({"size": 24, "widths": "8 8 8 8 8", "blocks": "1 1 1 1 1"}, "halved"),
        ({"widths": "wide"}, "no list"),
        ({"size": 24, "codec": "8 8 8"}, "halved"),
    ],
)
def test_levels_that_do_not_fit_are_refused(wrong, message, pictures, taught, tmp_path):
    train, parameters = recipe("text", taught, **wrong)
    with pytest.raises(TrainingError, match=message):
        train((pictures,), parameters, context(tmp_path / "run"))


def test_captions_name_what_is_learned(pictures):
    known = read_captions(pictures)
    assert known["4"].name == "red box"
    assert known["4"].keywords == ("toy",)
    drawings = read_drawings(pictures, 16, 0.3)
    assert len(drawings) == 14, "what has no caption is left out"
    assert drawings.names == ("flat", "line")
    held = {drawings.concepts[i].key for i in drawings.checked}
    assert held == {key for key in known if is_held_out(key, 0.3)} or len(held) == 1
    random = np.random.default_rng(0)
    said = {known["4"].caption(random) for _ in range(200)}
    assert {"red box", "toy", "red box, toy"} <= said


@pytest.mark.parametrize(
    ("file", "beside", "name"),
    [
        ("red_apple-02.png", None, "red apple"),
        ("17.png", None, "17"),
        ("img.png", "a green pear\n\nfruit\n", "a green pear"),
    ],
)
def test_without_captions_files_speak_for_themselves(file, beside, name, tmp_path):
    picture = tmp_path / file
    if beside is not None:
        picture.with_suffix(".txt").write_text(beside, encoding="utf-8")
    found = concept_of(picture, {})
    assert found.name == name
    assert found.keywords == (("fruit",) if beside else ())


def test_transparency_survives_the_way_to_a_network_and_back():
    color, alpha = torch.rand(2, 3, 8, 8), torch.rand(2, 1, 8, 8).round()
    values = premultiplied(color, alpha)
    again, clear = straight(values)
    assert torch.equal(clear, alpha)
    assert torch.allclose(again * alpha, color * alpha, atol=1e-5)
    assert torch.allclose(over_white(values), color * alpha + 1 - alpha, atol=1e-6)
    extreme, _ = straight(torch.randn(1, 4, 8, 8) * 3)
    assert float(extreme.min()) >= 0
    assert float(extreme.max()) <= 1
