"""Snapping: points and boxes jump to guides, the canvas and the edges of layers that are near."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from studio.document import Picture, Raster, Rect
from studio.document.transforms.sampling import content_bounds
from studio.host.settings import Settings
from studio.qt.tools.base import ToolDesk

REACH = 8
"""Logical pixels of the screen within which something snaps."""
_SETTING = "snapping"
KINDS = ("on", "guides", "canvas", "layers")


@dataclass(frozen=True)
class Switches:
    """What is snapped to: ``on`` switches all of it."""

    on: bool = True
    guides: bool = True
    canvas: bool = True
    layers: bool = True

    @classmethod
    def of(cls, settings: Settings) -> Switches:
        """As chosen by the user."""
        stored = settings.tools.get(_SETTING, {})
        return cls(**{kind: bool(stored.get(kind, True)) for kind in KINDS})

    def remember(self, settings: Settings, **changes: bool) -> Switches:
        """With other choices, kept for the next start."""
        values = {kind: changes.get(kind, getattr(self, kind)) for kind in KINDS}
        settings.remember_tool(_SETTING, values)
        return Switches(**values)


@dataclass(frozen=True)
class Snapper:
    """The lines there are.

    Attributes:
        columns: x of the upright ones.
        rows: y of the level ones.
        reach: how near something has to be, in canvas pixels.
    """

    columns: tuple[float, ...] = ()
    rows: tuple[float, ...] = ()
    reach: float = 0.0

    def point(self, x: float, y: float) -> tuple[float, float]:
        """The point, moved to the nearest line in either direction."""
        return x + _offset((x,), self.columns, self.reach), y + _offset((y,), self.rows, self.reach)

    def column(self, x: float) -> float:
        """An upright line's x, moved."""
        return x + _offset((x,), self.columns, self.reach)

    def row(self, y: float) -> float:
        """A level line's y, moved."""
        return y + _offset((y,), self.rows, self.reach)

    def box(self, x: float, y: float, width: float, height: float) -> tuple[float, float]:
        """How far a box has to move so that a side or its middle lies on a line."""
        across = _offset((x, x + width / 2, x + width), self.columns, self.reach)
        return across, _offset((y, y + height / 2, y + height), self.rows, self.reach)


@dataclass
class _Bounds:
    """Around what is seen of layers; finding it out takes a look at every tile."""

    known: dict[int, tuple[Raster, Rect]] = field(default_factory=dict)

    def of(self, raster: Raster) -> Rect:
        entry = self.known.get(id(raster))
        if entry is None or entry[0] is not raster:
            if len(self.known) > 64:
                self.known.clear()
            entry = self.known[id(raster)] = (raster, content_bounds(raster))
        return entry[1]


_bounds = _Bounds()


def make_snapper(
    picture: Picture, switches: Switches, reach: float, without: Iterable[str] = ()
) -> Snapper:
    """The lines of a picture.

    Args:
        picture: its guides, canvas and visible layers.
        switches: which of them count.
        reach: in canvas pixels.
        without: ids of layers that move themselves.
    """
    if not switches.on:
        return Snapper()
    columns: set[float] = set()
    rows: set[float] = set()
    if switches.guides:
        columns.update(guide.position for guide in picture.guides if guide.vertical)
        rows.update(guide.position for guide in picture.guides if not guide.vertical)
    if switches.canvas:
        columns.update((0, picture.width / 2, picture.width))
        rows.update((0, picture.height / 2, picture.height))
    if switches.layers:
        left_out = set(without)
        for layer in picture.layers:
            if layer.id in left_out or not picture.is_visible(layer.id):
                continue
            area = _bounds.of(layer.raster)
            if not area.empty:
                columns.update((area.x, area.right))
                rows.update((area.y, area.bottom))
    return Snapper(tuple(sorted(columns)), tuple(sorted(rows)), reach)


def snapper(desk: ToolDesk, without: Iterable[str] = ()) -> Snapper:
    """The lines of the current picture as the user wants them; for any tool, at its press."""
    document = desk.document
    if document is None:
        return Snapper()
    switches = Switches.of(desk.workspace.services.settings)
    reach = REACH * desk.canvas.ratio / desk.canvas.zoom
    return make_snapper(document.picture, switches, reach, without)


def snap(desk: ToolDesk, x: float, y: float) -> tuple[float, float]:
    """A point of the picture, moved to a guide, the canvas or a layer's edge if one is near."""
    return snapper(desk).point(x, y)


def _offset(places: tuple[float, ...], lines: tuple[float, ...], reach: float) -> float:
    offsets = [line - place for place in places for line in lines if abs(line - place) <= reach]
    return min(offsets, key=abs, default=0.0)
