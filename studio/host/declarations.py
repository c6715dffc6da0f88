"""Checking what a plugin declares, at load, so that no wrong declaration surprises a user later."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from studio.api.errors import ImpastoError, PluginError
from studio.api.galleries import BUNDLED_SCHEME, Gallery
from studio.api.models import CheckpointLoader
from studio.api.operation import (
    FollowUp,
    Hints,
    Input,
    Operation,
    Output,
    Preset,
    Provenance,
    Selection,
)
from studio.api.parameters import Parameters, describe, validate
from studio.api.trainer import Folder, FolderKind, Trainer
from studio.api.version import API_VERSION, __version__, parse_version

OPERATION_ID = re.compile(r"[a-z0-9-]+\.[a-z0-9-]+")
TRAINER_ID = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)?")
TRAINER_FLAGS = frozenset({"data", "folder", "restart", "title"})
"""Names that a trainer's parameters cannot have, besides those that belong to the host anyway."""
_TASK = re.compile(r"[a-z0-9][a-z0-9-]*")
_REFERENCE = re.compile(r"\.*(\w+(\.\w+)*)?:[A-Za-z_]\w*")
_AUTHOR = "Report this to the plugin's author."


def check_version(module: ModuleType) -> None:
    """Refuse a plugin that was written for another plugin API, or needs a newer one.

    Raises:
        PluginError: if ``api_version`` is missing, of another major version, or newer than ours.
    """
    version = getattr(module, "api_version", None)
    if version is None:
        raise PluginError(
            "The plugin does not say which plugin API it was written for.",
            f"Add the line `api_version = {API_VERSION}` to its module.",
        )
    wanted, ours = parse_version(version), parse_version(__version__)
    if wanted is None or ours is None or wanted[0] != ours[0] or wanted > ours:
        newer = wanted is not None and ours is not None and wanted > ours
        raise PluginError(
            f"The plugin was written for plugin API {version}; this Impasto has {__version__}.",
            "Update Impasto." if newer else "Update the plugin, or ask its author to.",
        )


def check_operation(operation: Operation, module: ModuleType) -> Operation:
    """The operation with an absolute function reference, if all it says holds together.

    Raises:
        PluginError: saying what is wrong with which operation.
        UserError: if a default or a preset does not fit the parameters.
    """
    where = f"Operation {operation.id!r}"
    if not OPERATION_ID.fullmatch(operation.id):
        raise PluginError(
            f"{where}: the id must look like plugin-name.verb, in lower case with dashes.", _AUTHOR
        )
    for attribute in ("title", "menu", "help"):
        if not getattr(operation, attribute):
            raise PluginError(f"{where} has no {attribute}.", _AUTHOR)
    for attribute, allowed in (
        ("input", Input),
        ("output", Output),
        ("selection", Selection),
        ("hints", Hints),
        ("provenance", Provenance),
    ):
        value = getattr(operation, attribute)
        if value not in get_args(allowed):
            raise PluginError(
                f"{where}: {attribute} is {value!r}, not one of {', '.join(get_args(allowed))}.",
                _AUTHOR,
            )
    if operation.input == "none" and operation.output not in {"layers", "document"}:
        raise PluginError(
            f"{where} takes no picture, so its output must be layers or document.", _AUTHOR
        )
    _check_live(operation, where)
    _check_margins(operation, where)
    if operation.context_pixels < 0:
        raise PluginError(f"{where}: context_pixels is below 0.", _AUTHOR)
    _check_parameters(operation.parameters, where)
    _check_presets(operation, where)
    _check_follow_ups(operation, where)
    return replace(operation, function=_absolute(operation.function, module, where))


def _check_live(operation: Operation, where: str) -> None:
    seen = operation.input != "none" and operation.output in {"region", "layers"}
    if operation.live and not (seen or operation.input == "none"):
        raise PluginError(
            f"{where}: only an operation that makes a region or layers of a picture can be live.",
            _AUTHOR,
        )
    if operation.brush and (operation.selection, operation.output) != ("required", "region"):
        raise PluginError(
            f"{where}: what a brush runs makes a region and requires a selection.", _AUTHOR
        )
    if operation.hints != "none" and not seen:
        raise PluginError(
            f"{where}: only an operation that makes a region or layers of a picture takes hints.",
            _AUTHOR,
        )
    if operation.follows_drawing and not (operation.live and seen):
        raise PluginError(
            f"{where}: only a live operation that takes a picture can follow drawing.", _AUTHOR
        )


def _check_margins(operation: Operation, where: str) -> None:
    if operation.output != "margins":
        if operation.margins or operation.margin_values:
            raise PluginError(f"{where} has margins, so its output must be margins.", _AUTHOR)
        return
    if operation.margins is None:
        raise PluginError(f"{where}: an output of margins needs a function margins.", _AUTHOR)
    if operation.input != "visible" or operation.selection != "ignored" or operation.preview:
        raise PluginError(
            f"{where}: what grows the canvas has the input visible, the selection ignored and no "
            "preview of a part.",
            _AUTHOR,
        )


def check_trainer(trainer: Trainer, module: ModuleType) -> Trainer:
    """The trainer with an absolute function reference, if all it says holds together.

    Raises:
        PluginError: saying what is wrong with which trainer.
    """
    where = f"Trainer {trainer.id!r}"
    if not TRAINER_ID.fullmatch(trainer.id):
        raise PluginError(
            f"{where}: the id must be in lower case with dashes and at most one dot.", _AUTHOR
        )
    for attribute in ("title", "help"):
        if not getattr(trainer, attribute):
            raise PluginError(f"{where} has no {attribute}.", _AUTHOR)
    if not _TASK.fullmatch(trainer.task):
        raise PluginError(f"{where}: the task must be in lower case with dashes.", _AUTHOR)
    if not OPERATION_ID.fullmatch(trainer.operation):
        raise PluginError(f"{where}: {trainer.operation!r} is no id of an operation.", _AUTHOR)
    _check_folders(trainer, where)
    _check_parameters(trainer.parameters, where)
    taken = TRAINER_FLAGS.intersection(trainer.parameters.model_fields)
    if taken:
        raise PluginError(
            f"{where}: a parameter cannot be named {min(taken)}: the training bench uses it.",
            _AUTHOR,
        )
    return replace(trainer, function=_absolute(trainer.function, module, where))


def _check_folders(trainer: Trainer, where: str) -> None:
    if not trainer.folders:
        raise PluginError(f"{where} needs at least one folder of pictures.", _AUTHOR)
    for folder in trainer.folders:
        if not isinstance(folder, Folder) or not folder.title:
            raise PluginError(f"{where}: each folder must be a Folder with a title.", _AUTHOR)
        if folder.kind not in get_args(FolderKind):
            kinds = ", ".join(get_args(FolderKind))
            raise PluginError(
                f"{where}: the kind of a folder is {folder.kind!r}, not {kinds}.", _AUTHOR
            )
        if folder.minimum < 1 or folder.smallest < 1:
            raise PluginError(f"{where}: minimum and smallest start at 1.", _AUTHOR)
    if [folder.kind for folder in trainer.folders].count("pairs") > 1:
        raise PluginError(f"{where} can have one folder of pairs, not more.", _AUTHOR)


def check_gallery(gallery: Gallery) -> Gallery:
    """The gallery, if all it says holds together.

    Raises:
        PluginError: saying what is wrong with which gallery.
    """
    where = f"Gallery {gallery.id!r}"
    if not _TASK.fullmatch(gallery.id):
        raise PluginError(f"{where}: the id must be in lower case with dashes.", _AUTHOR)
    if not gallery.title:
        raise PluginError(f"{where} has no title.", _AUTHOR)
    folder = gallery.folder
    if isinstance(folder, Path):
        if not folder.is_dir():
            raise PluginError(f"{where}: there is no folder {folder}.", _AUTHOR)
    elif folder and not re.fullmatch(rf"{BUNDLED_SCHEME}[\w-]+(/[\w-]+)*", folder):
        raise PluginError(
            f"{where}: the folder must be a Path or {BUNDLED_SCHEME}FOLDER, not {folder!r}.",
            _AUTHOR,
        )
    return gallery


def check_loader(loader: CheckpointLoader, module: ModuleType) -> CheckpointLoader:
    """The loader with an absolute function reference.

    Raises:
        PluginError: saying what is wrong with which loader.
    """
    where = f"Checkpoint loader {loader.id!r}"
    wrong = [s for s in loader.suffixes if not re.fullmatch(r"\.[a-z0-9.]+", s)]
    if wrong or not loader.suffixes:
        raise PluginError(f"{where}: suffixes must be like .pth, in lower case.", _AUTHOR)
    return replace(loader, function=_absolute(loader.function, module, where))


def import_function(reference: str, arguments: Iterable[str], where: str) -> Callable[..., Any]:
    """Import ``"module:function"`` and check that it can be called with these arguments.

    A leading underscore on the function's own names is allowed: it marks an unused argument.

    Raises:
        PluginError: if there is no such function or its signature differs.
        ImpastoError: whatever of ours the module raised while it was imported.
    """
    module_name, _, name = reference.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImpastoError:
        raise
    except ModuleNotFoundError as error:
        raise PluginError(
            f"{where} needs the Python package {error.name}, which is not installed.",
            "Install what the plugin's README asks for.",
        ) from error
    except Exception as error:
        raise PluginError(
            f"{where}: {module_name} cannot be imported: {type(error).__name__}: {error}.", _AUTHOR
        ) from error
    function = getattr(module, name, None)
    if not callable(function) or inspect.iscoroutinefunction(function):
        raise PluginError(f"{where}: {module_name} has no plain function {name}.", _AUTHOR)
    _check_signature(function, tuple(arguments), f"{where}: {reference}")
    return function  # type: ignore[no-any-return]  # callable() does not narrow Any


def _check_signature(function: Callable[..., Any], arguments: tuple[str, ...], where: str) -> None:
    signature = inspect.signature(function)
    expected = f"({', '.join(arguments)})"
    try:
        bound = signature.bind(*arguments)
    except TypeError as error:
        raise PluginError(
            f"{where} has the signature {signature}, not {expected}.", _AUTHOR
        ) from error
    for name, value in bound.arguments.items():
        if isinstance(value, str) and name.lstrip("_") != value:
            raise PluginError(f"{where} calls {name} what must be {value}: {expected}.", _AUTHOR)


def _check_parameters(model: type[Parameters], where: str) -> None:
    if not (isinstance(model, type) and issubclass(model, Parameters)):
        raise PluginError(f"{where}: parameters must be a subclass of Parameters.", _AUTHOR)
    if any(info.is_required() for info in model.model_fields.values()):
        raise PluginError(f"{where}: every parameter needs a default.", _AUTHOR)
    for spec in describe(model):
        if spec.sketch is not None and not OPERATION_ID.fullmatch(spec.sketch.operation):
            raise PluginError(
                f"{where}: {spec.sketch.operation!r} is no id of an operation.", _AUTHOR
            )
        if spec.gallery and not _TASK.fullmatch(spec.gallery):
            raise PluginError(f"{where}: {spec.gallery!r} is no id of a gallery.", _AUTHOR)


def _check_follow_ups(operation: Operation, where: str) -> None:
    for next_one in operation.follow_ups:
        if not isinstance(next_one, FollowUp) or not next_one.title:
            raise PluginError(f"{where}: each follow-up must be a FollowUp with a title.", _AUTHOR)
        if not OPERATION_ID.fullmatch(next_one.operation):
            raise PluginError(f"{where}: {next_one.operation!r} is no id of an operation.", _AUTHOR)


def _check_presets(operation: Operation, where: str) -> None:
    for preset in operation.presets:
        if not isinstance(preset, Preset) or not preset.title:
            raise PluginError(f"{where}: each preset must be a Preset with a title.", _AUTHOR)
        try:
            validate(operation.parameters, dict(preset.values))
        except ImpastoError as error:
            raise PluginError(f"{where}, preset {preset.title}: {error}", _AUTHOR) from error
    titles = [preset.title for preset in operation.presets]
    if len(set(titles)) != len(titles):
        raise PluginError(f"{where}: two presets have the same title.", _AUTHOR)


def _absolute(reference: str, module: ModuleType, where: str) -> str:
    if not _REFERENCE.fullmatch(reference):
        raise PluginError(
            f"{where}: {reference!r} is not like module:function, .module:function or :function.",
            _AUTHOR,
        )
    place, _, name = reference.partition(":")
    if not place:
        return f"{module.__name__}:{name}"
    package = module.__name__ if hasattr(module, "__path__") else module.__package__
    try:
        return f"{importlib.util.resolve_name(place, package)}:{name}"
    except ImportError as error:
        raise PluginError(f"{where}: {reference!r} leads out of the plugin.", _AUTHOR) from error
