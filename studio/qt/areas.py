"""The areas a window is made of, in the order in which they are built."""

from __future__ import annotations

from studio.qt.area import Area
from studio.qt.layers.area import LayersArea
from studio.qt.panels.area import HistoryArea, OverviewArea
from studio.qt.tools.area import PaintArea

AREAS: tuple[type[Area], ...] = (
    PaintArea,
    OverviewArea,
    LayersArea,
    HistoryArea,
)
