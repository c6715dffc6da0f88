"""Impasto: a desktop image editor whose tools are learned models.

In a script or a notebook::

    import studio

    picture = studio.open("photo.jpg")
    picture.run("super-resolution.upscale", scale=4)
    picture.save("large.png")
    picture.undo()

These names come from `studio.automation`, which is imported when one of them is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studio.automation import (
        Picture,
        Recipe,
        Result,
        create,
        open,  # noqa: A004 - it is called as studio.open
        operations,
    )

__version__ = "0.1.0"
__all__ = ["Picture", "Recipe", "Result", "__version__", "create", "open", "operations"]


def __getattr__(name: str) -> Any:
    """What scripts use, imported late: the window and plugins import this package, too."""
    if name in __all__:
        # By its name alone: nothing below the top may depend on what is put together there.
        return getattr(importlib.import_module("studio.automation"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
