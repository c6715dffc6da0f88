"""Painting engines: strokes, inks, fills and gradients on rasters. No Qt, no threads."""

from studio.document.painting.brush import Brush
from studio.document.painting.inks import CloneInk, EraseInk, Ink, SolidInk
from studio.document.painting.path import Path, Sample
from studio.document.painting.stroke import Stroke
from studio.document.painting.target import Target

__all__ = [
    "Brush",
    "CloneInk",
    "EraseInk",
    "Ink",
    "Path",
    "Sample",
    "SolidInk",
    "Stroke",
    "Target",
]
