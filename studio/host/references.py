"""Reference pictures of a run, read as tensors in the space of its pixels."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.document import Array
from studio.files.images import read_image
from studio.files.profiles import convert, is_srgb_like, wide_gamut_profile
from studio.host.galleries import Galleries

if TYPE_CHECKING:
    from torch import Tensor

_STRIP = 256  # rows converted at a time, so that temporaries stay small
_KEPT_BYTES = 96 << 20


@dataclass(frozen=True)
class _Read:
    pixels: Array
    icc: bytes | None
    sha256: str


class _Recent:
    """The last pictures that were read: a live preview asks for the same one again and again."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._kept: OrderedDict[tuple[str, int, int], _Read] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, path: Path, max_pixels: int) -> _Read:
        try:
            status = path.stat()
            key = (str(path), status.st_mtime_ns, status.st_size)
        except OSError:
            key = (str(path), -1, -1)
        with self._lock:
            found = self._kept.pop(key, None)
            if found is not None:
                self._kept[key] = found
                return found
        opened = read_image(path, max_pixels=max_pixels)
        read = _Read(opened.pixels, opened.metadata.icc, _sha256(path))
        with self._lock:
            self._kept[key] = read
            while sum(each.pixels.nbytes for each in self._kept.values()) > self._budget:
                self._kept.popitem(last=False)
        return read


_recent = _Recent(_KEPT_BYTES)


class References:
    """Reads the reference pictures of one run.

    Args:
        galleries: where ``gallery:NAME`` is looked up.
        first: galleries of the operation's own parameters, which count before others.
        icc: profile of the run's picture; None is sRGB.
        max_pixels: larger pictures are refused.

    Attributes:
        used: SHA-256 of the files that were read, by their source; for the record.
    """

    def __init__(
        self,
        galleries: Galleries,
        first: Iterable[str] = (),
        icc: bytes | None = None,
        max_pixels: int = 300_000_000,
    ) -> None:
        self._galleries, self._first = galleries, tuple(first)
        self._space = icc if is_srgb_like(icc) else wide_gamut_profile()
        self._max_pixels = max_pixels
        self.used: dict[str, str] = {}

    def read(self, source: str, *, alpha: bool = False) -> Tensor:
        """A picture over white, 1 x 3 x H x W float32 in [0, 1], on the CPU; or straight RGBA.

        Raises:
            UserError: if there is no such picture or it cannot be read.
        """
        import torch

        read = _recent.get(self._galleries.locate(source, self._first), self._max_pixels)
        self.used[source] = read.sha256
        height, width = read.pixels.shape[:2]
        maximum = np.float32(np.iinfo(read.pixels.dtype).max)
        picture = torch.empty((1, 4 if alpha else 3, height, width), dtype=torch.float32)
        for top in range(0, height, _STRIP):
            strip = read.pixels[top : top + _STRIP].astype(np.float32) / maximum
            color = convert(np.ascontiguousarray(strip[..., :3]), read.icc, self._space)
            color, cover = np.clip(color, 0, 1), strip[..., 3:]
            over = color * cover + (1 - cover)
            made = np.concatenate([color, cover], 2) if alpha else over
            picture[0, :, top : top + _STRIP] = torch.from_numpy(made).permute(2, 0, 1)
        return picture


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
