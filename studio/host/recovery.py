"""What is kept of an open document for the case that the program dies, and where."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from studio.api.margins import Margins
from studio.document import BlendMode, Group, Guide, Layer, Picture, Rect, Text
from studio.files.journal import Codec
from studio.files.metadata import Metadata
from studio.host.hints import Dab
from studio.host.requests import RunRequest
from studio.host.results import ResultImage, RunResult

SECONDS_VARIABLE = "IMPASTO_AUTOSAVE_SECONDS"


def data_folder() -> Path:
    """Folder of what is not a setting: ``IMPASTO_DATA``, or the user's data folder."""
    override = os.environ.get("IMPASTO_DATA")
    if override:
        return Path(override)
    return platformdirs.user_data_path("impasto", appauthor=False)


def recovery_folder() -> Path:
    """Folder of the journals of all running and crashed instances."""
    return data_folder() / "recovery"


def autosave_seconds(setting: float) -> float:
    """How long a change may wait to be kept: the setting, unless the environment says otherwise."""
    try:
        return max(float(os.environ.get(SECONDS_VARIABLE, setting)), 0.0)
    except ValueError:
        return setting


@dataclass(frozen=True)
class Kept:
    """One document as it was at a moment.

    Attributes:
        picture: all of it.
        title: of a document without a file.
        path: its file; None for one that was never saved.
        format: name of the file's format.
        metadata: what a save gives back.
        results: of finished runs that were not applied yet.
        modified: False if only the results are not in the file.
        time: seconds since the epoch.
    """

    picture: Picture
    title: str = ""
    path: Path | None = None
    format: str = ""
    metadata: Metadata = field(default_factory=Metadata)
    results: tuple[RunResult, ...] = ()
    modified: bool = True
    time: float = field(default_factory=time.time)

    @property
    def name(self) -> str:
        """The file's name, or the title."""
        return self.path.name if self.path else self.title


CODEC = Codec(
    [
        *(BlendMode, Group, Guide, Layer, Picture, Rect, Text),
        *(Dab, Kept, Margins, Metadata, ResultImage, RunRequest, RunResult),
    ]
)
