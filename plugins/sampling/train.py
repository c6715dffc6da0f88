"""The recipes of the painters: from words, with a text encoder that is taught first, and by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from studio.nn.beginnings import begin_from
from studio.nn.checkpoints import CheckpointError
from studio.nn.loops import Schedule, fit, planned
from studio.nn.training import Trained, TrainingContext, TrainingError
from studio_plugins.sampling.codec_learning import CodecLearner
from studio_plugins.sampling.drawings import Drawings, read_drawings
from studio_plugins.sampling.families_common import feature_network
from studio_plugins.sampling.minilm import load_minilm
from studio_plugins.sampling.networks import TextEncoder
from studio_plugins.sampling.painter import Design, Painter
from studio_plugins.sampling.painting import LabelAsker, PaintLearner, Plan, TextAsker
from studio_plugins.sampling.teach import write_taught
from studio_plugins.sampling.text_learning import Pupil, Taught, TextLearner

if TYPE_CHECKING:
    from studio_plugins.sampling.training import (
        ClassDiffusionRecipe,
        DiffusionRecipe,
        TextDiffusionRecipe,
    )

_SHOWN = 10  # things on a sheet of samples
_SENTENCES = 256  # in a step of the text encoder alone
_TEXT_RATE = 2e-3
_CODEC_RATE = 2e-3
_CODEC_PICTURES = 32  # in a step of the codec
# Of the progress that is reported.
_CODEC_SHARE = 0.25
_TEACHER_SHARE = 0.02
_TEXT_SHARE = 0.05
_CHECK_EVERY = 1000


def train_text(
    data: Sequence[Path], parameters: TextDiffusionRecipe, context: TrainingContext
) -> Trained:
    """Train a model that paints from words.

    Args:
        data: the folder of captioned pictures.
        parameters: sizes, schedule and the teacher's sentences.
        context: where to report and to keep checkpoints.

    Raises:
        TrainingError: if there are too few pictures, or the training diverges.
        TrainingPaused: when it is asked to stop for now.
    """
    context.progress(0.0, "Reading pictures")
    torch.manual_seed(context.seed)
    drawings = _read(data[0], parameters)
    painter = _begun(_design(parameters, drawings.names), parameters, context)
    start = _coded(painter, drawings, parameters, context)
    teaching = None
    if parameters.taught or parameters.teacher:
        reading = _Stage(context, context.folder / "text", start, start + _TEACHER_SHARE)
        taught = Taught.read(_sentences(drawings, parameters, reading))
        drawings = drawings.with_others(dict(taught.meanings))
        learning = replace(reading, start=reading.end, end=reading.end + _TEXT_SHARE)
        teaching = (_taught(painter, taught, parameters, learning), taught)
        start = learning.end
    prompts = [part.strip() for part in parameters.prompts.split(";") if part.strip()]
    plan = _plan(parameters, prompts or _named(drawings), 1.0)
    learner = PaintLearner(painter, drawings, TextAsker(drawings), plan, context, teaching)
    return _finished(learner, drawings, parameters, _Stage(context, context.folder, start, 1))


def train_class(
    data: Sequence[Path], parameters: ClassDiffusionRecipe, context: TrainingContext
) -> Trained:
    """Train a model that paints by class.

    Args:
        data: the folder of folders of pictures.
        parameters: sizes, schedule and what the classes are.
        context: where to report and to keep checkpoints.

    Raises:
        TrainingError: if there are too few pictures or classes, or the training diverges.
        TrainingPaused: when it is asked to stop for now.
    """
    context.progress(0.0, "Reading pictures")
    torch.manual_seed(context.seed)
    drawings = _read(data[0], parameters)
    if parameters.grouped:
        labels = sorted({concept.group for concept in drawings.concepts})
        numbers = np.array([labels.index(concept.group) for concept in drawings.concepts])
    else:
        labels, numbers = list(drawings.names), drawings.styles
        drawings = replace(drawings, names=(), styles=np.zeros_like(drawings.styles))
    if len(labels) < 2:
        raise TrainingError(
            f"{data[0].name} shows a single class.", "Put the pictures of each into its own folder."
        )
    painter = _begun(_design(parameters, drawings.names, labels), parameters, context)
    start = _coded(painter, drawings, parameters, context)
    plan = _plan(parameters, range(min(len(labels), 2 * _SHOWN)), 0.0)
    learner = PaintLearner(painter, drawings, LabelAsker(numbers), plan, context)
    return _finished(learner, drawings, parameters, _Stage(context, context.folder, start, 1))


def _read(folder: Path, parameters: DiffusionRecipe) -> Drawings:
    styles = [name.strip() for name in parameters.styles.split(",") if name.strip()]
    return read_drawings(folder, parameters.size, parameters.validation, styles)


def _design(
    parameters: TextDiffusionRecipe | ClassDiffusionRecipe,
    styles: Sequence[str],
    labels: Sequence[str] = (),
) -> Design:
    design = Design(
        parameters.size,
        _whole_numbers(parameters.widths),
        _whole_numbers(parameters.blocks),
        tuple(styles),
        tuple(labels),
        parameters.shift,
        parameters.words,
        getattr(parameters, "depth", 1),
        getattr(parameters, "letters", 1),
        _whole_numbers(parameters.codec) if parameters.codec.strip() else (),
        parameters.latent,
    )
    if len(design.widths) != len(design.blocks):
        raise TrainingError("Widths and blocks do not name the same number of levels.")
    multiple = design.layout.multiple << len(design.codec)
    if design.size % multiple:
        raise TrainingError(
            f"A size of {design.size} pixels cannot be halved that often.",
            f"Choose a multiple of {multiple}, or fewer widths.",
        )
    return design


def _begun(design: Design, parameters: DiffusionRecipe, context: TrainingContext) -> Painter:
    painter = Painter(design)
    if parameters.start:
        begin_from(painter, context.files(parameters.start)[0])
    return painter


def _coded(
    painter: Painter, drawings: Drawings, parameters: DiffusionRecipe, context: TrainingContext
) -> float:
    """Teaches the painter's codec, unless it has none or was taught before; the share that is done."""
    if painter.codec is None or parameters.start or not parameters.codec_steps:
        return 0.0
    stage = _Stage(context, context.folder / "codec", 0, _CODEC_SHARE)
    features = feature_network(parameters.features, context)
    learner = CodecLearner(
        painter.codec, drawings, features, _CODEC_PICTURES, parameters.precision, stage
    )
    every = max(min(_CHECK_EVERY, parameters.codec_steps // 4), 1)
    fit(learner, Schedule(parameters.codec_steps, None, _CODEC_RATE, context.seed, every), stage)
    painter.codec.load_state_dict(learner.average.shadow.state_dict())
    return stage.end


def _sentences(drawings: Drawings, parameters: TextDiffusionRecipe, stage: _Stage) -> Path:
    """The file of sentences as a teacher sees them: a given one, or one that it makes of captions."""
    if parameters.taught:
        return stage.files(parameters.taught)[0]
    file = stage.folder / "sentences.safetensors"
    if not file.is_file():
        files = stage.files(parameters.teacher)
        if len(files) < 2:
            raise TrainingError(f"{files[0].name} is no teacher.", "Choose all-minilm-l6-v2.")
        try:
            teacher = load_minilm(*files[:2])
        except CheckpointError as error:
            raise TrainingError(error.message, error.hint) from error
        told = partial(stage.progress, message="The teacher reads the captions")
        write_taught(file, teacher, list(dict.fromkeys(drawings.concepts)), told)
    return file


def _taught(
    painter: Painter, taught: Taught, parameters: TextDiffusionRecipe, stage: _Stage
) -> Pupil:
    """Teaches the painter's text encoder, unless it was taught before."""
    if not isinstance(painter.wanted, TextEncoder):
        raise TypeError("only words are taught")
    pupil = Pupil(painter.wanted, taught.embeddings.shape[1])
    if parameters.start or not parameters.text_steps:
        return pupil.to(stage.device)
    learner = TextLearner(pupil, taught, _SENTENCES, parameters.precision, stage)
    every = max(min(_CHECK_EVERY, parameters.text_steps // 4), 1)
    fit(learner, Schedule(parameters.text_steps, None, _TEXT_RATE, stage.seed, every), stage)
    pupil.load_state_dict(learner.average.shadow.state_dict())
    return pupil


def _plan(parameters: DiffusionRecipe, sheet: Sequence[str | int], taught: float) -> Plan:
    return Plan(
        batch=parameters.batch,
        forget_wish=0.1,
        forget_style=0.1,
        taught=taught,
        average=parameters.average,
        precision=parameters.precision,
        sheet=sheet,
    )


def _finished(
    learner: PaintLearner,
    drawings: Drawings,
    parameters: DiffusionRecipe,
    context: TrainingContext,
) -> Trained:
    fitted = fit(learner, planned(parameters, context, _CHECK_EVERY), context)
    design = learner.painter.design
    return Trained(
        fitted.path,
        "Painter",
        fitted.step,
        metrics=fitted.metrics,
        extra={"design": design.text()},
        summary=f"Learned from {len(drawings.learned)} pictures at {design.size} pixels.",
    )


def _named(drawings: Drawings) -> list[str]:
    """Names for the sheet of samples: of learned things, and at its end of some never learned."""
    names = [
        list(dict.fromkeys(drawings.concepts[i].spoken for i in numbers))
        for numbers in (drawings.learned, drawings.checked)
    ]
    unseen = names[1][: _SHOWN // 3]
    wanted = _SHOWN - len(unseen)
    seen = names[0][:: max(len(names[0]) // wanted, 1)][:wanted]
    return [*seen, *unseen]


def _whole_numbers(text: str) -> tuple[int, ...]:
    try:
        found = tuple(int(part) for part in text.replace(",", " ").split())
    except ValueError:
        found = ()
    if not found or min(found) < 1:
        raise TrainingError(f"“{text}” is no list of whole numbers.", "Write them as 48 96 224.")
    return found


@dataclass
class _Stage:
    """A part of a training, with a folder of its own and a share of the progress."""

    context: TrainingContext
    folder: Path
    start: float
    end: float

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.device, self.seed = self.context.device, self.context.seed

    @property
    def finishing(self) -> bool:
        """Whether the user asked to stop now and keep the best so far."""
        return self.context.finishing

    def files(self, model: str) -> tuple[Path, ...]:
        """The files of a model."""
        return self.context.files(model)

    def progress(self, fraction: float, message: str) -> None:
        """Reports this part's share of all."""
        self.context.progress(self.start + (self.end - self.start) * fraction, message)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Records scalars."""
        self.context.log(step, values)

    def sample(self, name: str, sheet: Tensor) -> None:
        """Shows a sheet."""
        self.context.sample(name, sheet)
