"""Thumbnails of states of a picture, made on a thread when they are first looked at."""

from __future__ import annotations

import time
from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QPixmap

from studio.document import Node, Picture
from studio.qt.background import Background, Task
from studio.qt.panels.latest import Latest
from studio.qt.panels.miniatures import Miniatures, picture_image

DELAY_MS = 150
BATCH_SECONDS = 0.15
Content = tuple[Node, ...]


class PictureThumbnails(QObject):
    """States that show the same layers share a thumbnail; `keep` lets go of the others.

    Signals:
        ready: new thumbnails are there.
    """

    ready = Signal()

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._latest = Latest(background, DELAY_MS, self)
        self._miniatures = Miniatures()
        # The content beside the pixmap keeps its id from being given to another one.
        self._made: dict[int, tuple[Content, QPixmap]] = {}
        self._wanted: dict[int, Picture] = {}

    def __len__(self) -> int:
        return len(self._made)

    @property
    def busy(self) -> bool:
        """Whether thumbnails are awaited."""
        return self._latest.busy

    def get(self, picture: Picture) -> QPixmap | None:
        """The thumbnail; None while it is made, `ready` tells when it is there."""
        made = self._made.get(id(picture.nodes))
        if made is not None:
            return made[1]
        if id(picture.nodes) not in self._wanted:
            self._wanted[id(picture.nodes)] = picture
            self._request()
        return None

    def keep(self, pictures: Iterable[Picture]) -> None:
        """Forget all but the thumbnails of these states."""
        kept = {id(picture.nodes) for picture in pictures}
        self._made = {key: made for key, made in self._made.items() if key in kept}
        self._wanted = {key: wanted for key, wanted in self._wanted.items() if key in kept}

    def clear(self) -> None:
        """Forget all, as another document is shown."""
        self._latest.cancel()
        self._miniatures = Miniatures()
        self._made, self._wanted = {}, {}

    def _request(self) -> None:
        # The newest first: that is what the user has just made or scrolled to.
        pictures, miniatures = list(reversed(self._wanted.values())), self._miniatures
        if pictures:
            self._latest.request(lambda task: _make(miniatures, pictures, task), self._take)

    def _take(self, answer: list[tuple[Picture, QImage]]) -> None:
        for picture, image in answer:
            key = id(picture.nodes)
            if self._wanted.pop(key, None) is not None:
                self._made[key] = (picture.nodes, QPixmap.fromImage(image))
        if answer:
            self.ready.emit()
        self._request()


def _make(
    miniatures: Miniatures, pictures: list[Picture], task: Task
) -> list[tuple[Picture, QImage]]:
    answer: list[tuple[Picture, QImage]] = []
    end = time.monotonic() + BATCH_SECONDS
    for picture in pictures:
        answer.append((picture, picture_image(miniatures, picture)))
        if task.cancelled() or time.monotonic() > end:
            break
    return answer
