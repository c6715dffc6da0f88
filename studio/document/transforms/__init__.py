"""Transforms: size, crop, rotation, and free transforms of parts. No Qt."""

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
    enlarged,
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
    "enlarged",
    "flip",
    "flip_part",
    "image_size",
    "lifted",
    "move",
    "rotate",
    "rotate_part",
    "rotate_quarters",
    "target_of",
    "transform",
    "trim",
]
