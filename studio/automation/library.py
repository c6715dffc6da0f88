"""Where pictures come from: files, arrays, and operations that make them from nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from studio.api.errors import UserError
from studio.automation.arrays import to_pixels
from studio.automation.picture import Picture
from studio.automation.results import Result
from studio.automation.running import execute, plain
from studio.automation.services import max_pixels, services
from studio.automation.tables import Operations
from studio.document import Document
from studio.document import Picture as Content
from studio.files.documents import read_document
from studio.files.images import decode_image
from studio.files.metadata import Metadata
from studio.host.requests import RunRequest


def open(source: Any) -> Picture:  # noqa: A001 - it is called as studio.open
    """A picture to work on.

    Args:
        source: the path of a file; the bytes of one; or an array, H x W or H x W x 1 to 4 of uint8,
            uint16 or floats in [0, 1] (a picture of Pillow or a figure's canvas is one, too).

    Raises:
        UserError: there is no such file, it is no picture, damaged, too large or unsupported.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        image = decode_image(bytes(source), max_pixels())
        content = Content.from_pixels(image.pixels, icc=image.metadata.icc)
        return Picture(Document(content), image.metadata)
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        opened = read_document(path, max_pixels=max_pixels())
        return Picture(Document(opened.picture), opened.metadata, path.name)
    return Picture(Document(Content.from_pixels(to_pixels(source))), Metadata())


def create(operation: str, /, *, seed: int = 0, device: str = "auto", **parameters: Any) -> Result:
    """Make pictures from nothing, by an operation that needs none.

    ``studio.create("sampling.generate", seed=7).picture`` is one to go on with.

    Args:
        operation: its id; `studio.operations` lists them.
        seed: of everything random.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N``, ``mps`` or ``xpu``.
        parameters: of the operation; those left out keep their defaults.

    Raises:
        UserError: for a bad value, or an operation that works on a picture.
    """
    declared = services().registry.operation(operation)
    if declared.input != "none":
        raise UserError(
            f"{declared.title} works on a picture.",
            f'Open one: studio.open("photo.jpg").run("{operation}").',
        )
    request = RunRequest(operation, plain(parameters), seed=seed, device=device)
    return Result(execute(request), None)


def operations(wanted: str = "") -> Operations:
    """All operations, those with a word in their id or title, or the one with this id.

    One alone shows its parameters.

    Raises:
        UserError: if there is none, with those that come close.
    """
    registry = services().registry
    known = sorted(registry.operations(), key=lambda each: each.id)
    exact = [each for each in known if each.id == wanted]
    word = wanted.casefold()
    found = exact or [
        each
        for each in known
        if word in each.id or word in each.title.casefold() or word in each.keywords
    ]
    return Operations(found or [registry.operation(wanted)])
