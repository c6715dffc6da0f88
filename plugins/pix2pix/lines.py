"""Line art: finding the lines of a drawing, framing them, and drawing them as a network knows them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from studio_plugins.pix2pix.neighbors import grown, rounded
from studio_plugins.pix2pix.preparation import luma, over_white

FINE = 4  # lines are measured and thickened at this many times the working size
STROKE = 0.027
"""Width of a line of OpenMoji, whose line art the bundled network knows, in its sides."""
FILLED = 0.8  # share of the frame that its drawings take, on their longer side
_FAINT, _FULL = 0.15, 0.6  # darkness of what is no line yet, and of what is one
_VISIBLE = 0.3
_PAPER = 256  # side at which the brightness of paper is looked at


@dataclass(frozen=True)
class Frame:
    """A square, or with `stretch` a rectangle, of a picture's pixels; it may reach beyond it."""

    left: int
    top: int
    width: int
    height: int

    def cut(self, image: Tensor, outside: float) -> Tensor:
        """N x C x H x W to what lies in the frame, with ``outside`` where there is no picture."""
        height, width = image.shape[2:]
        sides = (
            -self.left,
            self.left + self.width - width,
            -self.top,
            self.top + self.height - height,
        )
        return F.pad(image, sides, value=outside)

    def put(self, image: Tensor, height: int, width: int, outside: float) -> Tensor:
        """The way back: N x C x the frame's size to N x C x ``height`` x ``width``."""
        sides = (
            self.left,
            width - self.left - self.width,
            self.top,
            height - self.top - self.height,
        )
        return F.pad(image, sides, value=outside)


@dataclass(frozen=True)
class Drawing:
    """What was found on a layer.

    Attributes:
        lines: how much of a line each pixel is, 1 x 1 x H x W in [0, 1]; faint ones are strengthened.
        strokes: the color of the line there, 1 x 3 x H x W, without the paper that its edge mixes with.
        cover: how much of the pixel that color covers, 1 x 1 x H x W: laid over the paper, it is the
            drawing again.
    """

    lines: Tensor
    strokes: Tensor
    cover: Tensor


def find_lines(color: Tensor, alpha: Tensor | None) -> Drawing:
    """The lines of a drawing on any ground.

    On a transparent layer strokes of any color are lines, or all that is painted, if it is too light
    to stand out from white. On paper lines are what is darker than its surroundings, which may be
    shaded, as in a photo of a sheet; on a blackboard what is lighter.
    """
    if alpha is not None and float(alpha.amin()) < _VISIBLE:
        dark = _ink(over_white(color, alpha))
        if float(dark.amax()) < _FULL * float(alpha.amax()):
            return Drawing(_leveled(alpha), color, alpha)
        return Drawing(_leveled(dark), color, alpha * _present(_ink(color)))
    sheet = over_white(color, alpha)
    board = float(luma(sheet).median()) < 0.4
    sheet = 1 - sheet if board else sheet
    paper = _paper(sheet).clamp(min=0.05)
    dark = _ink(sheet / paper)
    strokes = 1 - grown(1 - sheet)  # an edge is as dark as the line beside it
    full = _ink(strokes / paper)
    cover = (dark / full.clamp(min=_FAINT)).clamp(0, 1) * _present(full)
    return Drawing(_leveled(dark), 1 - strokes if board else strokes, cover)


def _ink(color: Tensor) -> Tensor:
    """How dark a color is in its darkest channel: what a colored pencil takes from white."""
    return 1 - color.amin(dim=1, keepdim=True)


def _present(ink: Tensor) -> Tensor:
    """0 for what is no line but shade or noise, 1 for what is one, however faint."""
    return ((ink - _FAINT) / (_VISIBLE - _FAINT)).clamp(0, 1)


def _leveled(dark: Tensor) -> Tensor:
    return ((dark - _FAINT) / (_FULL - _FAINT)).clamp(0, 1)


def _paper(sheet: Tensor) -> Tensor:
    """The color of the sheet without its lines: the lightest around, smoothed."""
    height, width = sheet.shape[2:]
    scale = min(_PAPER / max(height, width), 1.0)
    small = F.interpolate(
        sheet, size=(max(round(height * scale), 1), max(round(width * scale), 1)), mode="area"
    )
    reach = 15
    light = F.max_pool2d(small, reach, stride=1, padding=reach // 2)
    light = F.avg_pool2d(light, reach, stride=1, padding=reach // 2, count_include_pad=False)
    return F.interpolate(light, size=(height, width), mode="bilinear")


def frame_of(lines: Tensor, fit: str) -> Frame | None:
    """What the network is to see; None if there are no lines.

    Args:
        lines: 1 x 1 x H x W, of `find_lines`.
        fit: ``drawing``, ``whole`` or ``stretch``.
    """
    height, width = lines.shape[2:]
    found = lines[0, 0] > _VISIBLE
    rows, columns = found.any(dim=1).nonzero(), found.any(dim=0).nonzero()
    if not len(rows):
        return None
    if fit == "stretch":
        return Frame(0, 0, width, height)
    top, bottom, left, right = 0, height, 0, width
    side = max(height, width)
    if fit == "drawing":
        top, bottom = int(rows[0]), int(rows[-1]) + 1
        left, right = int(columns[0]), int(columns[-1]) + 1
        side = max(round(max(bottom - top, right - left) / FILLED), 8)
    return Frame((left + right - side) // 2, (top + bottom - side) // 2, side, side)


def drawn(lines: Tensor, size: int, stroke: float = STROKE) -> Tensor:
    """Lines as the network knows them: black on white, no thinner than it learned.

    Args:
        lines: 1 x 1 x H x W of the frame, in [0, 1].
        size: the network's working size.
        stroke: width of a line in parts of the frame.

    Returns:
        1 x 1 x ``size`` x ``size``, 0 on a line, 1 on paper.
    """
    fine = shrunk(lines, size * FINE)
    missing = stroke * size * FINE - width_of(fine)
    fine = rounded(fine, round(max(missing, 0.0) / 2))
    return 1 - F.avg_pool2d(fine, FINE)


def shrunk(lines: Tensor, size: int) -> Tensor:
    """Lines at another size, at which the thinnest are still unbroken."""
    if min(lines.shape[2:]) > size:
        return F.adaptive_max_pool2d(lines, size)
    return F.interpolate(lines, size=(size, size), mode="bilinear")


def width_of(lines: Tensor) -> float:
    """Mean width of lines in pixels: a stroke has twice as much edge as length."""
    across = lines.diff(dim=3)[..., :-1, :]
    down = lines.diff(dim=2)[..., :, :-1]
    edge = float(torch.hypot(across, down).sum())
    return 2 * float(lines.sum()) / edge if edge > 0 else 0.0
