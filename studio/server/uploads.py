"""What came with a request: a picture, a mask, hints, reference pictures and parameters."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from studio.api.galleries import GALLERY_SCHEME
from studio.api.operation import Operation
from studio.api.parameters import ParameterSpec, describe, validate
from studio.document import Picture
from studio.files.images import OpenedImage, decode_image
from studio.files.metadata import Metadata
from studio.host import inputs
from studio.host.disclosure import PROSE
from studio.host.requests import RunRequest
from studio.host.services import Services
from studio.server.options import ServerOptions
from studio.server.problems import Problem

FILES = ("picture", "mask", "hints")
NUMBERS = ("seed", "grow", "feather")
LARGEST_TEXT = 1 << 20
_PATH = re.compile(r"[~.]{0,2}[\\/]|~|[A-Za-z]:|file:|https?:", re.IGNORECASE)
_DEEPEST = 10_000  # pixels of grow and feather


@dataclass
class Upload:
    """A form, read.

    Attributes:
        files: bytes by field; several of one field in their order.
        parameters: plain values.
        numbers: seed, grow and feather, as far as they were given.
    """

    files: dict[str, list[bytes]] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)


async def read_form(form: FormData, operation: Operation) -> Upload:
    """Take a form apart.

    Raises:
        Problem: 422 for a field that the operation does not take.
    """
    upload = Upload()
    taken = fields_of(operation)
    for name, value in form.multi_items():
        if name not in taken:
            raise Problem(
                422, f"{operation.id} takes no field {name}.", f"It takes: {', '.join(taken)}."
            )
        data = await value.read() if isinstance(value, UploadFile) else value.encode()
        if name == "parameters":
            upload.parameters = _parameters(data)
        elif name in NUMBERS:
            upload.numbers[name] = _number(name, data)
        elif not isinstance(value, UploadFile):
            raise Problem(422, f"The field {name} is no file.", "Send it with a file name.")
        else:
            upload.files.setdefault(name, []).append(data)
    return upload


def fields_of(operation: Operation) -> tuple[str, ...]:
    """The fields of a form for an operation."""
    files: list[str] = []
    numbers = ["seed"]
    if operation.input != "none":
        files.append("picture")
        if operation.selection != "ignored":
            files.append("mask")
            numbers += ["grow", "feather"]
        if operation.hints != "none":
            files.append("hints")
    return (*files, "parameters", *numbers, *(spec.name for spec in references(operation)))


def references(operation: Operation) -> tuple[ParameterSpec, ...]:
    """Parameters that are pictures: files of these names may come with the request."""
    specs = describe(operation.parameters)
    return tuple(spec for spec in specs if spec.kind in ("picture", "pictures"))


async def to_request(
    upload: Upload,
    operation: Operation,
    services: Services,
    options: ServerOptions,
    folder: Path,
) -> tuple[RunRequest, Metadata]:
    """The request of a run, checked as far as can be before it starts.

    Args:
        upload: what came.
        operation: what to run.
        services: to check models and galleries.
        options: limits and device.
        folder: for reference pictures.

    Raises:
        UserError: for values that do not fit, and files that are no pictures.
        Problem: 422 for what only the owner of this computer may name.
    """
    _check_texts(upload.parameters, operation, services)
    parameters = {**upload.parameters, **_references(upload, operation, folder)}
    validate(operation.parameters, parameters)
    return await run_in_threadpool(_request, upload, operation, parameters, options)


def _request(
    upload: Upload, operation: Operation, parameters: Mapping[str, Any], options: ServerOptions
) -> tuple[RunRequest, Metadata]:
    picture, opened = None, None
    hints: Any = ()
    if operation.input != "none":
        opened = _decoded(upload, "picture", options)
        if opened is None:
            raise Problem(422, f"{operation.id} needs a picture.", "Send one as `picture`.")
        picture = Picture.from_pixels(opened.pixels, icc=opened.metadata.icc)
        mask = _decoded(upload, "mask", options)
        if mask is not None:
            picture = inputs.selected(picture, inputs.mask_of(mask.pixels))
        given = _decoded(upload, "hints", options)
        if given is not None:
            hints = inputs.hints_of(given.pixels, given.metadata.icc)
            inputs.check_hints(hints, picture)
    request = RunRequest(
        operation.id,
        parameters,
        picture,
        hints=hints,
        device=options.device,
        seed=upload.numbers.get("seed", 0),
        grow=upload.numbers.get("grow", 0),
        feather=upload.numbers.get("feather", 0),
    )
    return request, opened.metadata if opened is not None else Metadata()


def _decoded(upload: Upload, name: str, options: ServerOptions) -> OpenedImage | None:
    files = upload.files.get(name)
    if not files:
        return None
    if len(files) > 1:
        raise Problem(422, f"There are {len(files)} fields {name}.", "Send one.")
    return decode_image(files[0], options.max_pixels)


def _references(upload: Upload, operation: Operation, folder: Path) -> dict[str, Any]:
    """Files that came with the request, as values of parameters."""
    found: dict[str, Any] = {}
    for spec in references(operation):
        paths = []
        for number, data in enumerate(upload.files.get(spec.name, []), 1):
            path = folder / f"{spec.name}-{number}"
            path.write_bytes(data)
            paths.append(str(path))
        if paths:
            found[spec.name] = [(p, 1.0) for p in paths] if spec.kind == "pictures" else paths[0]
    return found


def _check_texts(values: Mapping[str, Any], operation: Operation, services: Services) -> None:
    """Refuse names of files: those of this computer are not for whoever sends a request.

    Raises:
        Problem: 422, naming the parameter.
    """
    cards = {card.id for card in services.store.cards()}
    for spec in describe(operation.parameters):
        pictures = spec.kind in ("picture", "pictures")
        for text in _texts(values.get(spec.name)):
            if spec.kind == "model":
                refused = text not in cards
            elif pictures:
                refused = not text.strip().startswith(GALLERY_SCHEME)
            else:
                refused = spec.kind == "text" and spec.name not in PROSE and _is_file(text)
            if refused:
                raise Problem(
                    422,
                    f"{spec.name}: {text} is no name that this server knows.",
                    "Send pictures as files of that field, or name one as gallery:NAME."
                    if pictures
                    else "Files are named on the computer of the server only; use ids of models.",
                )


def _is_file(text: str) -> bool:
    """Whether a text names a file, a folder or something on the net; several may be parted by ``;``."""
    for part in re.split(r"\s*[;*]\s*", text.strip()):
        # One word with a slash may be a file to come or a model of a hub; a sentence may have one.
        if _PATH.match(part) or re.fullmatch(r"[^\s/\\]+[/\\]\S*", part):
            return True
        try:
            if part and Path(part).exists():
                return True
        except (OSError, ValueError):
            continue
    return False


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, list | tuple):
        return [text for each in value for text in _texts(each)]
    if isinstance(value, Mapping):
        return [text for each in value.values() for text in _texts(each)]
    return []


def _parameters(data: bytes) -> dict[str, Any]:
    if len(data) > LARGEST_TEXT:
        raise Problem(422, "The parameters are larger than 1 MB.", "They are a JSON object.")
    try:
        values = json.loads(data or b"{}")
    except (ValueError, RecursionError) as error:
        raise Problem(422, f"The parameters are no JSON: {error}.", "Send an object.") from error
    if not isinstance(values, dict):
        raise Problem(422, "The parameters are no JSON object.", 'Such as {"scale": 4}.')
    return values


def _number(name: str, data: bytes) -> int:
    largest = 2**63 - 1 if name == "seed" else _DEEPEST
    text = data[:40].decode(errors="replace").strip()
    if not (text.isascii() and text.isdigit()) or int(text) > largest:
        raise Problem(422, f"{name}: {text!r} is out of range.", f"It is from 0 to {largest}.")
    return int(text)
