"""The canvas: a widget that shows a document and compares it with a result."""

from studio.qt.canvas.display import Display
from studio.qt.canvas.overlay import Overlay
from studio.qt.canvas.pyramid import ToDisplay
from studio.qt.canvas.tiles import TilePreview
from studio.qt.canvas.view import CanvasView

__all__ = ["CanvasView", "Display", "Overlay", "TilePreview", "ToDisplay"]
