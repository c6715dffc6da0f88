"""The picture as a document: layers of tiles, edits and history. No Qt, no torch."""

from studio.document.composite import composite
from studio.document.document import Change, Document
from studio.document.geometry import Rect
from studio.document.history import History, Step
from studio.document.picture import Layer, Picture, tile_rect
from studio.document.tiles import TILE, Array, Raster

__all__ = [
    "TILE",
    "Array",
    "Change",
    "Document",
    "History",
    "Layer",
    "Picture",
    "Raster",
    "Rect",
    "Step",
    "composite",
    "tile_rect",
]
