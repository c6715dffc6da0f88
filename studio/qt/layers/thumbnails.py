"""Thumbnails of layers and masks, made on a thread, only of those that have changed."""

from __future__ import annotations

import time
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QPixmap

from studio.document import Group, Node, Picture, Raster
from studio.qt.background import Background, Task
from studio.qt.panels.latest import Latest
from studio.qt.panels.miniatures import Miniatures, mask_image, node_image

DELAY_MS = 120
BATCH_SECONDS = 0.15
"""After this long on the thread, what is finished is shown."""


@dataclass(frozen=True)
class _Made:
    """What a thumbnail was made of; the parts are compared by identity."""

    content: object
    mask: Raster | None
    size: tuple[int, int]
    icc: bytes | None

    def fits(self, other: _Made) -> bool:
        same = self.content is other.content and self.mask is other.mask
        return same and (self.size, self.icc) == (other.size, other.icc)


Answer = list[tuple[str, _Made, QImage | None, QImage | None]]


class LayerThumbnails(QObject):
    """Pictures of the nodes of one document.

    Signals:
        ready: new thumbnails of these node ids are there.
    """

    ready = Signal(list)

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._latest = Latest(background, DELAY_MS, self)
        self._miniatures = Miniatures()
        self._made: dict[str, _Made] = {}
        self._pixels: dict[str, QPixmap | None] = {}
        self._masks: dict[str, QPixmap] = {}

    @property
    def busy(self) -> bool:
        """Whether thumbnails are awaited."""
        return self._latest.busy

    def pixels(self, node_id: str) -> QPixmap | None:
        """The node's picture; None if there is none yet, or of an empty group."""
        return self._pixels.get(node_id)

    def mask(self, node_id: str) -> QPixmap | None:
        """The picture of the node's mask."""
        return self._masks.get(node_id)

    def clear(self) -> None:
        """Forget all, as another document is shown."""
        self._latest.cancel()
        self._miniatures = Miniatures()
        for kept in (self._made, self._pixels, self._masks):
            kept.clear()

    def follow(self, picture: Picture) -> None:
        """Renew what differs in ``picture`` soon."""
        nodes = {node.id: node for node, _ in picture.walk()}
        for node_id in self._made.keys() - nodes.keys():
            self._made.pop(node_id)
            self._pixels.pop(node_id, None)
            self._masks.pop(node_id, None)
        if self._outdated(picture):
            miniatures, made = self._miniatures, dict(self._made)
            self._latest.request(
                lambda task: _make(miniatures, picture, made, task),
                lambda answer: self._take(picture, answer),
            )

    def _outdated(self, picture: Picture) -> bool:
        return any(_is_new(picture, node, self._made) for node, _ in picture.walk())

    def _take(self, picture: Picture, answer: Answer) -> None:
        for node_id, made, pixels, mask in answer:
            self._made[node_id] = made
            self._pixels[node_id] = None if pixels is None else QPixmap.fromImage(pixels)
            if mask is None:
                self._masks.pop(node_id, None)
            else:
                self._masks[node_id] = QPixmap.fromImage(mask)
        if answer:
            self.ready.emit([made[0] for made in answer])
        # A newer picture that was asked for meanwhile comes first, and covers what is left of this.
        if not self._latest.busy:
            self.follow(picture)


def _source(picture: Picture, node: Node) -> _Made:
    content: object = node.children if isinstance(node, Group) else node.raster
    return _Made(content, node.mask, (picture.width, picture.height), picture.icc)


def _is_new(picture: Picture, node: Node, made: dict[str, _Made]) -> bool:
    known = made.get(node.id)
    return known is None or not known.fits(_source(picture, node))


def _make(miniatures: Miniatures, picture: Picture, made: dict[str, _Made], task: Task) -> Answer:
    answer: Answer = []
    end = time.monotonic() + BATCH_SECONDS
    for node, _ in picture.walk():
        if not _is_new(picture, node, made):
            continue
        mask = None if node.mask is None else mask_image(miniatures, picture, node.mask)
        image = node_image(miniatures, picture, node)
        answer.append((node.id, _source(picture, node), image, mask))
        if task.cancelled() or time.monotonic() > end:
            break
    return answer
