"""Selections: shapes, similar colours, how they combine, and how they grow, shrink and soften.

A selection is a `Raster` of one uint8 channel: 255 is selected, 0 is not, what lies between is
selected in part. Tiles that are wholly selected are one shared array, so that a large selection
costs little memory.
"""

from studio.document.regions.combining import (
    Mode,
    change_selection,
    combine,
    intersect,
    invert,
    moved,
    select_all,
    subtract,
    union,
    within,
)
from studio.document.regions.fills import clear_selected, fill_selected
from studio.document.regions.masks import from_mask
from studio.document.regions.modifying import border, feather, grow, shrink, smooth
from studio.document.regions.shapes import ellipse, polygon, rectangle
from studio.document.regions.similar import by_color, sampled_pixels, wand

__all__ = [
    "Mode",
    "border",
    "by_color",
    "change_selection",
    "clear_selected",
    "combine",
    "ellipse",
    "feather",
    "fill_selected",
    "from_mask",
    "grow",
    "intersect",
    "invert",
    "moved",
    "polygon",
    "rectangle",
    "sampled_pixels",
    "select_all",
    "shrink",
    "smooth",
    "subtract",
    "union",
    "wand",
    "within",
]
