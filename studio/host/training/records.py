"""What a training run keeps on disk, so that another process can go on with it."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeVar

import filelock
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from studio.api.errors import UserError
from studio.files.atomic import replace_file, write_error
from studio.host.jobs import JobError

SPEC, STATUS, LOG, OUTPUT = "run.json", "status.json", "log.jsonl", "output.txt"
SHEET, BEST, CHECKPOINT, MODEL = (
    "samples.png",
    "best.safetensors",
    "checkpoint.pt",
    "model.safetensors",
)
LOCK = "lock"

Curves = dict[str, list[tuple[int, float]]]
"""Values by step, by name, in the order of the steps."""
R = TypeVar("R", bound=BaseModel)


class RunState(StrEnum):
    """Where a training is."""

    WAITING = "waiting"
    PREPARING = "preparing"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    FINISHING = "finishing"
    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def active(self) -> bool:
        """Whether a process works on it, or is about to."""
        return self in _ACTIVE

    @property
    def resumable(self) -> bool:
        """Whether it stands still and can go on."""
        return self in (RunState.PAUSED, RunState.FAILED, RunState.INTERRUPTED)


_ACTIVE = (RunState.PREPARING, RunState.RUNNING, RunState.PAUSING, RunState.FINISHING)


class RunSpec(BaseModel):
    """What is trained, of what; never changes.

    Attributes:
        version: of this record.
        trainer: id of the trainer.
        title: name of the model to be.
        parameters: all of the trainer's, as JSON.
        data: absolute paths of the folders, in the trainer's order.
        device: as ``--device`` takes it.
        seed: of everything random.
        created: seconds since the epoch.
    """

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    trainer: str
    title: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    data: tuple[str, ...]
    device: str = "auto"
    seed: int = 0
    created: float = Field(default_factory=time.time)


class RunStatus(BaseModel):
    """How far it is; written by the process that works on it.

    Attributes:
        state: where it was when this was written.
        fraction: done share in [0, 1].
        message: what it was doing.
        seconds: of training, all processes together.
        pictures: pictures and pairs found in the folders.
        model: id of the model it became; empty until then.
        error: why it failed.
    """

    state: RunState = RunState.WAITING
    fraction: float = 0.0
    message: str = ""
    seconds: float = 0.0
    pictures: int = 0
    model: str = ""
    error: JobError | None = None


def make_folder(root: Path, title: str) -> Path:
    """A new folder for a run, named after its title and the time.

    Raises:
        UserError: if it cannot be made.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40] or "training"
    stem = f"{slug}-{time.strftime('%Y%m%d-%H%M%S')}"
    for number in range(1, 1000):
        folder = root / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise write_error(folder, error) from error
        return folder
    raise UserError(f"No folder for the training could be made in {root}.")


def write_spec(folder: Path, spec: RunSpec) -> None:
    """Keep what a run is, durably.

    Raises:
        UserError: if the disk refuses.
    """
    data = spec.model_dump_json(indent=2).encode()

    def write(file: BinaryIO) -> None:
        file.write(data)

    replace_file(folder / SPEC, write)


def write_status(folder: Path, status: RunStatus) -> None:
    """Keep how far a run is, such that no reader meets half of it. Not worth waiting for the disk."""
    partial = folder / f"{STATUS}.part"
    partial.write_text(status.model_dump_json(indent=2), encoding="utf-8")
    partial.replace(folder / STATUS)


def read_spec(folder: Path) -> RunSpec | None:
    """What the run in a folder is; None if there is none, or another version's."""
    return _read(folder / SPEC, RunSpec)


def read_status(folder: Path) -> RunStatus:
    """How far the run in a folder is; that of a new one if it cannot be told."""
    return _read(folder / STATUS, RunStatus) or RunStatus()


def read_curves(folder: Path) -> Curves:
    """All values that were logged. What a killed process logged beyond its checkpoint is replaced."""
    curves: Curves = {}
    for entry in _lines(folder / LOG):
        step = entry.pop("step", None)
        if isinstance(step, int):
            add_to_curves(curves, step, entry)
    return curves


def add_to_curves(curves: Curves, step: int, values: dict[str, Any]) -> None:
    """Put the values of a step behind those of earlier steps."""
    for name, value in values.items():
        if not isinstance(value, int | float):
            continue
        points = curves.setdefault(name, [])
        while points and points[-1][0] >= step:
            points.pop()
        points.append((step, float(value)))


def in_use(folder: Path) -> bool:
    """Whether a process trains in this folder, of this program or another."""
    lock = filelock.FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except (filelock.Timeout, OSError):
        return True
    lock.release()
    return False


def remove_folder(folder: Path) -> None:
    """Delete a run; under another name first, so that no reader meets half of it.

    Raises:
        UserError: if the disk refuses.
    """
    gone = folder.with_name(f".gone-{folder.name}")
    try:
        if folder.exists():
            folder.replace(gone)
        shutil.rmtree(gone, ignore_errors=True)
    except OSError as error:
        raise UserError(
            f'The training in "{folder}" cannot be deleted: {error.strerror or error}.',
            "Delete the folder yourself.",
        ) from error


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:  # the last line of a killed process
            continue
        if isinstance(entry, dict):
            yield entry


def _read(path: Path, kind: type[R]) -> R | None:
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
