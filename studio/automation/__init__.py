"""Impasto from Python: scripts and notebooks. README.md beside this module shows what it does.

`studio` offers these names as its own: ``studio.open("photo.jpg")``. Nothing here imports torch before
an operation runs, nor Qt at all.
"""

from studio.automation.layers import Layer, Layers
from studio.automation.library import (
    create,
    open,  # noqa: A004 - it is called as studio.open
    operations,
)
from studio.automation.picture import Picture
from studio.automation.recipes import Recipe
from studio.automation.results import Result
from studio.automation.tables import History, Operations

__all__ = [
    "History",
    "Layer",
    "Layers",
    "Operations",
    "Picture",
    "Recipe",
    "Result",
    "create",
    "open",
    "operations",
]
