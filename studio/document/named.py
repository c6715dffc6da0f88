"""Edits that have a name and values, so that they can be made again on another picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.document.picture import Picture


@dataclass(frozen=True)
class NamedEdit:
    """An edit, and what it does in plain values.

    Attributes:
        name: what it does, as a recipe says it: ``flip``.
        values: with what, as plain JSON values; lengths in pixels of the picture it is made on.
        edit: from picture to picture.
    """

    name: str
    values: Mapping[str, Any]
    edit: Callable[[Picture], Picture] = field(compare=False)

    def __call__(self, picture: Picture) -> Picture:
        """The picture with the edit made."""
        return self.edit(picture)


def as_made(edit: Callable[[Picture], Picture], after: Picture) -> Callable[[Picture], Picture]:
    """The same edit, whose result is known already; its name is kept."""
    if isinstance(edit, NamedEdit):
        return dataclasses.replace(edit, edit=lambda _: after)
    return lambda _: after
