"""The picture as a document: layers of tiles, edits and history. No Qt, no torch."""

from studio.document.blend import BlendMode
from studio.document.composite import composite
from studio.document.document import Change, Document, Snapshot, Transaction
from studio.document.geometry import Rect
from studio.document.history import History, Step
from studio.document.nodes import Group, Guide, Layer, Node, Text
from studio.document.picture import Picture, tile_rect
from studio.document.tiles import TILE, Array, Raster

__all__ = [
    "TILE",
    "Array",
    "BlendMode",
    "Change",
    "Document",
    "Group",
    "Guide",
    "History",
    "Layer",
    "Node",
    "Picture",
    "Raster",
    "Rect",
    "Snapshot",
    "Step",
    "Text",
    "Transaction",
    "composite",
    "tile_rect",
]
