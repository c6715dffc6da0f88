"""Where the picture lies in the view: plain arithmetic in device pixels, no Qt.

Zoom 1 shows one picture pixel on one device pixel, whatever the screen's scale factor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from studio.document import Rect

MINIMUM_ZOOM = 1 / 256
MAXIMUM_ZOOM = 64.0
LADDER = (
    *(1 / below for n in (128, 64, 32, 16, 8, 4, 2) for below in (2 * n, 1.5 * n)),
    *(1 / 2, 2 / 3, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64),
)
KEPT = 48
"""Screen pixels of the picture that panning always leaves in view."""


@dataclass(frozen=True)
class ViewState:
    """What a view shows of a picture.

    Attributes:
        zoom: device pixels per picture pixel.
        middle: the point of the picture in the middle of the view.
        fit_limit: as of `Viewport`.
    """

    zoom: float
    middle: tuple[float, float]
    fit_limit: float | None


class Viewport:
    """Zoom and position of a canvas inside a view.

    Attributes:
        width: width of the view in device pixels.
        height: its height.
        canvas: width and height of the picture.
        zoom: device pixels per picture pixel.
        x: device pixel of the picture's left edge; `origin` is what is drawn.
        y: device pixel of its top edge.
        fit_limit: while fitted, the largest zoom to fit with; None = placed by the user.
        margin: device pixels around a fitted picture.
        room: what of the plane, beside the picture, a fitted view shows; None = nothing.
    """

    def __init__(self) -> None:
        self.width, self.height = 1, 1
        self.canvas = (1, 1)
        self.zoom, self.x, self.y = 1.0, 0.0, 0.0
        self.fit_limit: float | None = 1.0
        self.margin = 16
        self.room: Rect | None = None
        self.kept = KEPT
        self._anchor: tuple[tuple[float, float], tuple[float, float]] | None = None

    @property
    def origin(self) -> tuple[int, int]:
        """Device pixel of the picture's top left corner: whole, so that 100 % stays sharp."""
        return math.floor(self.x + 0.5), math.floor(self.y + 0.5)

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """The point of the picture at a device pixel of the view."""
        left, top = self.origin
        return (x - left) / self.zoom, (y - top) / self.zoom

    def from_image(self, x: float, y: float) -> tuple[float, float]:
        """The device pixel of the view at a point of the picture."""
        left, top = self.origin
        return left + x * self.zoom, top + y * self.zoom

    def placed(self, area: Rect) -> Rect:
        """The device pixels that ``area`` of the canvas covers, at least one, edges rounded."""
        left, top = self.from_image(area.x, area.y)
        right, bottom = self.from_image(area.right, area.bottom)
        x, y = math.floor(left + 0.5), math.floor(top + 0.5)
        width, height = math.floor(right + 0.5) - x, math.floor(bottom + 0.5) - y
        return Rect(x, y, max(width, 1), max(height, 1))

    def visible(self) -> Rect:
        """The whole picture pixels in view, partly visible ones included."""
        left, top = self.to_image(0, 0)
        right, bottom = self.to_image(self.width, self.height)
        x, y = math.floor(left + 1e-9), math.floor(top + 1e-9)
        seen = Rect(x, y, math.ceil(right - 1e-9) - x, math.ceil(bottom - 1e-9) - y)
        return seen.intersected(Rect(0, 0, *self.canvas))

    def resize(self, width: int, height: int) -> None:
        """Give the view another size; what is in its middle stays there."""
        self.x += (width - self.width) / 2
        self.y += (height - self.height) / 2
        self.width, self.height = max(width, 1), max(height, 1)
        self._settle()

    def show(self, width: int, height: int) -> None:
        """Begin with another picture, fitted but not enlarged."""
        self.canvas, self.room = (width, height), None
        self.fit(1.0)

    @property
    def state(self) -> ViewState:
        """What is in view, to come back to."""
        middle = (self.width / 2 - self.x) / self.zoom, (self.height / 2 - self.y) / self.zoom
        return ViewState(self.zoom, middle, self.fit_limit)

    @state.setter
    def state(self, state: ViewState) -> None:
        if state.fit_limit is not None:
            self.fit(state.fit_limit)
            return
        self.fit_limit = None
        self.zoom = _limited(state.zoom)
        self.x = self.width / 2 - state.middle[0] * self.zoom
        self.y = self.height / 2 - state.middle[1] * self.zoom
        self._keep_in_view(self.kept)

    def change_canvas(self, width: int, height: int) -> None:
        """The same picture has another size: an enlarged one shows the same part."""
        old_width, old_height = self.canvas
        if (width, height) == self.canvas:
            return
        factor = math.sqrt(width * height / (old_width * old_height))
        enlarged = (
            abs(old_width * factor - width) <= 1.5 and abs(old_height * factor - height) <= 1.5
        )
        middle = (self.width / 2 - self.x) / self.zoom, (self.height / 2 - self.y) / self.zoom
        self.canvas = (width, height)
        if self.fit_limit is None and enlarged:
            self.zoom = _limited(self.zoom * old_width / width)
            middle = (middle[0] * width / old_width, middle[1] * height / old_height)
        self.x = self.width / 2 - middle[0] * self.zoom
        self.y = self.height / 2 - middle[1] * self.zoom
        self._settle()

    def make_room(self, room: Rect | None) -> bool:
        """Let a fitted view show what reaches beyond the picture; returns whether it has moved."""
        if room == self.room:
            return False
        self.room = room
        if self.fit_limit is None:
            return False
        self._settle()
        return True

    def fit(self, limit: float = MAXIMUM_ZOOM) -> None:
        """Show the whole picture, at most at ``limit``, now and whenever the view is resized."""
        self.fit_limit = limit
        self._settle()

    def zoom_to(self, zoom: float, anchor: tuple[float, float] | None = None) -> None:
        """Zoom such that the picture's point at ``anchor`` (default: the middle) stays there."""
        x, y = anchor or (self.width / 2, self.height / 2)
        zoom = _limited(zoom)
        drawn = self.placed(Rect(0, 0, *self.canvas)).grown(1)
        on_picture = drawn.x <= x <= drawn.right and drawn.y <= y <= drawn.bottom
        point = self._point_under(x, y)
        self.x, self.y = x - point[0] * zoom, y - point[1] * zoom
        self.zoom = zoom
        self.fit_limit = None
        # A point under the pointer is in view already; to keep more of the picture would move it.
        self._keep_in_view(1 if on_picture else self.kept)
        if (self.x, self.y) == (x - point[0] * zoom, y - point[1] * zoom):
            self._anchor = ((x, y), point)

    def show_area(self, x: float, y: float, width: float, height: float) -> None:
        """Zoom such that an area of the picture just fits the view, and put it in the middle."""
        self.fit_limit = None
        self.zoom = _limited(min(self.width / width, self.height / height))
        self.x = self.width / 2 - (x + width / 2) * self.zoom
        self.y = self.height / 2 - (y + height / 2) * self.zoom
        self._keep_in_view(self.kept)

    def step(self, steps: int) -> float:
        """The zoom that lies ``steps`` rungs of the ladder above (or below) the present one."""
        zoom = self.zoom
        for _ in range(abs(steps)):
            if steps > 0:
                zoom = next((rung for rung in LADDER if rung > zoom * 1.001), MAXIMUM_ZOOM)
            else:
                zoom = next((rung for rung in reversed(LADDER) if rung < zoom / 1.001), LADDER[0])
        return zoom

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by device pixels, as far as some of it stays in view."""
        if dx or dy:
            self.x += dx
            self.y += dy
            self.fit_limit = None
            self._keep_in_view(self.kept)

    def _point_under(self, x: float, y: float) -> tuple[float, float]:
        """The point of the picture to hold at a device pixel while zooming.

        It is remembered while the pointer rests, so that the rounding of many small steps, as of
        two fingers, does not add up.
        """
        if self._anchor is not None and self._anchor[0] == (x, y):
            return self._anchor[1]
        # Enlarged pixels are told apart, so there the drawn position counts.
        left, top = self.origin if self.zoom >= 1 else (self.x, self.y)
        return (x - left) / self.zoom, (y - top) / self.zoom

    def _settle(self) -> None:
        if self.fit_limit is None:
            self._keep_in_view(self.kept)
            return
        self._anchor = None
        shown = Rect(0, 0, *self.canvas).united(self.room or Rect(0, 0, 0, 0))
        room_x, room_y = (max(side - 2 * self.margin, 1) for side in (self.width, self.height))
        self.zoom = _limited(min(room_x / shown.width, room_y / shown.height, self.fit_limit))
        self.x = (self.width - shown.width * self.zoom) / 2 - shown.x * self.zoom
        self.y = (self.height - shown.height * self.zoom) / 2 - shown.y * self.zoom

    def _keep_in_view(self, kept: float) -> None:
        self._anchor = None
        self.x = _kept(self.x, self.canvas[0] * self.zoom, self.width, kept)
        self.y = _kept(self.y, self.canvas[1] * self.zoom, self.height, kept)


def _limited(zoom: float) -> float:
    return min(max(zoom, MINIMUM_ZOOM), MAXIMUM_ZOOM)


def _kept(start: float, length: float, view: float, kept: float) -> float:
    """``start`` moved so that at least ``kept`` pixels of the length lie within the view."""
    # At least one pixel: a picture thinner than that still is drawn as a line of one.
    overlap = max(min(kept, length, view / 2), 1)
    return min(max(start, overlap - length), view - overlap)
