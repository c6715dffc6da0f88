"""Transforms: size, crop, rotation, and free transforms of parts. No Qt."""

from studio.document.transforms.growing import grow, grown_canvas, margin_weights
from studio.document.transforms.matrices import Matrix
from studio.document.transforms.parts import (
    Target,
    flip_part,
    lifted,
    move,
    rotate_part,
    target_of,
    transform,
)
from studio.document.transforms.sampling import Resampling
from studio.document.transforms.whole import (
    canvas_size,
    crop_to,
    flip,
    image_size,
    rotate,
    rotate_quarters,
    trim,
)

__all__ = [
    "Matrix",
    "Resampling",
    "Target",
    "canvas_size",
    "crop_to",
    "flip",
    "flip_part",
    "grow",
    "grown_canvas",
    "image_size",
    "lifted",
    "margin_weights",
    "move",
    "rotate",
    "rotate_part",
    "rotate_quarters",
    "target_of",
    "transform",
    "trim",
]
