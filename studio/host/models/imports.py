"""Recognising checkpoints that people bring along, and making cards of them."""

from __future__ import annotations

import importlib
import logging
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from studio.api.errors import Cancelled, UserError
from studio.api.models import CheckpointLoader, ModelCard, ModelFile, ModelFormat, Recognised
from studio.host.models.cache import digest

_log = logging.getLogger(__name__)

_FORMATS: dict[str, ModelFormat] = {
    ".safetensors": "safetensors",
    ".pth": "pth",
    ".pt": "pth",
    ".ckpt": "pth",
    ".tar": "pth",
    ".onnx": "onnx",
    ".param": "ncnn",
}
_PAIRS = ((".param", ".bin"), (".PARAM", ".BIN"))


def gather(path: Path) -> tuple[tuple[Path, ...], ModelFormat]:
    """The files that make up the checkpoint that ``path`` belongs to, and their format.

    For ncnn either file of the pair may be named; the answer is (.param, .bin).

    Raises:
        UserError: if the file is absent, of an unknown kind, or half of a pair.
    """
    if not path.is_file():
        raise UserError(f"{path} is not a file.", "Choose a checkpoint file.")
    for param, binary in _PAIRS:
        if path.suffix in {param, binary}:
            pair = (path.with_suffix(param), path.with_suffix(binary))
            if all(file.is_file() for file in pair):
                return pair, "ncnn"
            if path.suffix == param:
                raise UserError(
                    f"{path.name} needs {pair[1].name}, which is not beside it.",
                    "Put the .param and the .bin file of the network in one folder.",
                )
            return _lone_bin(path, pair[0])
    kind = _FORMATS.get(path.suffix.lower())
    if kind is None or kind == "ncnn":
        known = ", ".join(sorted([*_FORMATS, ".bin"]))
        raise UserError(
            f"{path.name} is not a checkpoint of a known kind ({path.suffix or 'no suffix'}).",
            f"Known suffixes are {known}.",
        )
    return (path,), kind


def _lone_bin(path: Path, param: Path) -> tuple[tuple[Path, ...], ModelFormat]:
    with path.open("rb") as file:
        if file.read(4) == b"PK\x03\x04":  # what torch.save writes; some name it .bin
            return (path,), "pth"
    raise UserError(
        f"{path.name} needs {param.name}, which is not beside it.",
        "Put the .param and the .bin file of the network in one folder.",
    )


def is_model_folder(path: Path) -> bool:
    """Whether a folder is a model of several networks, as the library diffusers saves them."""
    return (path / "model_index.json").is_file()


def describe_files(paths: tuple[Path, ...]) -> tuple[ModelFile, ...]:
    """Name, size and hash of each file."""
    return tuple(
        ModelFile(name=_plain(path.name), sha256=digest(path), bytes=path.stat().st_size)
        for path in paths
    )


def recognise(
    paths: tuple[Path, ...], kind: ModelFormat, loaders: Iterable[CheckpointLoader]
) -> tuple[CheckpointLoader, Recognised]:
    """Ask each loader that looks at such files; the first that knows the checkpoint has it.

    One that finds it unlikely to be for its task has it only if no other does.

    Raises:
        UserError: if none knows it, or it could run code; the message says what was found.
    """
    suffixes = {path.suffix.lower() for path in paths}
    refusal: UserError | None = None
    unlikely: tuple[CheckpointLoader, Recognised] | None = None
    for loader in loaders:
        if not suffixes.intersection(loader.suffixes):
            continue
        try:
            found = _function(loader)(paths)
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001  # one failing plugin must not hide what the others know
            if not hasattr(error, "hint"):  # one that has says what is wrong with the file
                _log.warning("Loader %s failed on %s", loader.id, paths[0], exc_info=True)
            refusal = refusal or _as_user_error(error, loader)
            continue
        if found is not None and found.likely:
            return loader, found
        if found is not None:
            unlikely = unlikely or (loader, found)
    if unlikely is not None:
        return unlikely
    if refusal is not None:
        raise refusal
    raise UserError(
        f"{paths[0].name} is not a network that an installed plugin knows. It holds "
        f"{_contents(paths, kind)}.",
        "Look for a plugin that names this architecture, or for the model in another format.",
    )


def make_card(
    identifier: str,
    files: tuple[ModelFile, ...],
    kind: ModelFormat,
    original: Path,
    loader: CheckpointLoader,
    found: Recognised,
) -> ModelCard:
    """Card of an imported checkpoint; its source is the file it was copied from."""
    base = original.absolute() if len(files) == 1 else original.absolute().parent
    return ModelCard(
        id=identifier,
        title=original.stem,
        task=loader.task,
        architecture=found.architecture,
        format=kind,
        scale=found.scale,
        source=base.as_uri(),
        files=files,
        licence="unknown: ask where the file came from",
        origin=f"imported from {original.name}",
        summary=found.summary,
        extra={**found.extra, "loader": loader.id},
    )


def unique_id(wish: str, taken: Callable[[str], bool]) -> str:
    """An id made from a file name that is not taken yet: ``name``, ``name-2``, ..."""
    slug = re.sub(r"[^a-z0-9._]+", "-", wish.lower()).strip("-._")[:80] or "model"
    number, candidate = 1, slug
    while taken(candidate):
        number += 1
        candidate = f"{slug}-{number}"
    return candidate


def _plain(name: str) -> str:
    """A name that every file system takes."""
    return re.sub(r'[/\\:*?"<>|\0]', "_", name)[-200:]


def _function(loader: CheckpointLoader) -> Callable[[tuple[Path, ...]], Recognised | None]:
    module, _, name = loader.function.partition(":")
    function: Callable[[tuple[Path, ...]], Recognised | None] = getattr(
        importlib.import_module(module), name
    )
    return function


def _as_user_error(error: Exception, loader: CheckpointLoader) -> UserError:
    if isinstance(error, UserError):
        return error
    message, hint = getattr(error, "message", None), getattr(error, "hint", "")
    if isinstance(message, str) and isinstance(hint, str):  # studio.nn.CheckpointError
        return UserError(message, hint)
    return UserError(
        f"The loader “{loader.title}” failed: {type(error).__name__}: {error}.",
        "This is a fault of its plugin; the log has the details.",
    )


def _contents(paths: tuple[Path, ...], kind: ModelFormat) -> str:
    if kind == "onnx":
        return f"an ONNX graph of {paths[0].stat().st_size / 1e6:.1f} MB"
    # torch takes seconds to import, and is needed only to explain.
    from studio.nn.checkpoints import CheckpointError, describe_keys, read_state_dict
    from studio.nn.ncnn import describe_layers, read_ncnn

    try:
        if kind == "ncnn":
            return describe_layers(read_ncnn(paths[0], paths[1]))
        return describe_keys(read_state_dict(paths[0]))
    except CheckpointError as error:
        raise UserError(error.message, error.hint) from error
