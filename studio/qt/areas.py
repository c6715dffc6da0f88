"""The areas a window is made of, in the order in which they are built."""

from __future__ import annotations

from studio.qt.area import Area
from studio.qt.batch.area import BatchArea
from studio.qt.generating.area import GeneratingArea
from studio.qt.geometry.area import ImageArea
from studio.qt.geometry.extending import ExtendArea
from studio.qt.hints.area import HintsArea
from studio.qt.layers.area import LayersArea
from studio.qt.live_area import LiveArea
from studio.qt.masking.area import MaskArea
from studio.qt.panels.area import HistoryArea, OverviewArea
from studio.qt.recovery.area import RecoveryArea
from studio.qt.selecting.area import SelectArea
from studio.qt.tools.area import PaintArea
from studio.qt.training.area import TrainingArea
from studio.qt.transfer.area import TransferArea

AREAS: tuple[type[Area], ...] = (
    OverviewArea,
    PaintArea,
    LayersArea,
    SelectArea,
    ImageArea,
    HistoryArea,
    RecoveryArea,
    HintsArea,
    MaskArea,
    LiveArea,
    GeneratingArea,
    ExtendArea,
    TransferArea,
    TrainingArea,
    BatchArea,
)
