"""Painting engines: strokes, inks, fills and gradients on rasters. No Qt, no threads."""

from studio.document.painting.brush import Brush
from studio.document.painting.gradient import GradientInk, GradientKind, Line
from studio.document.painting.healing import HealInk
from studio.document.painting.inks import CloneInk, EraseInk, Ink, SolidInk
from studio.document.painting.laying import everywhere, from_mask, laid
from studio.document.painting.path import Path, Sample
from studio.document.painting.stroke import Stroke
from studio.document.painting.target import Target

__all__ = [
    "Brush",
    "CloneInk",
    "EraseInk",
    "GradientInk",
    "GradientKind",
    "HealInk",
    "Ink",
    "Line",
    "Path",
    "Sample",
    "SolidInk",
    "Stroke",
    "Target",
    "everywhere",
    "from_mask",
    "laid",
]
