"""What is done next with a result at the press of a button, such as enlarging it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from studio.api.errors import UserError
from studio.api.operation import FollowUp, Operation
from studio.api.parameters import validate
from studio.document import Document, Layer, Picture, Raster, Rect
from studio.document.edits import Edit
from studio.document.layer_edits import change_node
from studio.files.openraster.planes import content_box
from studio.host.jobs import Job
from studio.host.results import RunResult
from studio.qt.editing import whole_cost
from studio.qt.i18n import tr
from studio.qt.runs import Runs
from studio.qt.workspace import Workspace


class FollowUps(QObject):
    """Keeps a result and runs another operation on it alone; each is one undo step."""

    def __init__(self, workspace: Workspace, runs: Runs) -> None:
        super().__init__(runs)
        self._workspace, self._runs = workspace, runs

    def of(self, operation: Operation) -> tuple[FollowUp, ...]:
        """Those of an operation that can be run here."""
        known = {each.id: each for each in self._workspace.services.registry.operations()}
        return tuple(
            each
            for each in operation.follow_ups
            if each.operation in known
            and known[each.operation].input != "none"
            and known[each.operation].output in ("region", "canvas")
        )

    def begin(self, follow_up: FollowUp, keep: Callable[[Callable[[], None]], None]) -> None:
        """Have the result kept by ``keep``, which calls what it is given once it is; then go on."""
        keep(lambda: self._run(follow_up))

    def keep_result(self, then: Callable[[], None]) -> None:
        """Apply the result that waits, then call ``then``; not if it cannot be applied."""
        self._runs.apply()
        if self._runs.result is None:
            then()

    def _run(self, follow_up: FollowUp) -> None:
        document = self._workspace.session.document
        if document is None:
            return
        picture = document.picture
        layer = picture.active_layer
        only = len(picture.layers) == 1
        try:
            operation = self._workspace.services.registry.operation(follow_up.operation)
            validate(operation.parameters, dict(follow_up.values))
        except UserError as error:
            self._workspace.messages.show_error(error)
            return

        def done(job: Job) -> None:
            if job.result is not None:
                # Run on the layer alone, its picture is not that of the document.
                edit = job.result.edit() if only else enlarged(layer.id, job.result)
                self._apply(follow_up, document, edit, job.result)

        self._runs.start(
            operation,
            follow_up.values,
            picture=picture if only else alone_of(picture, layer),
            finished=done,
            seed=0,
        )

    def _apply(
        self, follow_up: FollowUp, document: Document, edit: Edit, result: RunResult
    ) -> None:
        self._workspace.edits.apply(
            document, tr(follow_up.title), edit, whole_cost(document.picture),
            lambda _: None, self, result.record,
        )  # fmt: skip


def content(picture: Picture, layer: Layer) -> Rect:
    """The part of the canvas around what a layer shows; the canvas if that is nothing."""
    box = content_box(layer.raster)
    return picture.bounds if box.empty else box


def alone_of(picture: Picture, layer: Layer) -> Picture:
    """A picture of a layer's pixels and no others."""
    pixels = layer.raster.read(content(picture, layer))
    return Picture.from_pixels(pixels, icc=picture.icc)


def enlarged(layer: str, result: RunResult) -> Edit:
    """The edit that gives a layer a result's pixels: around the same middle, inside the canvas."""
    (image,) = result.images
    height, width = image.pixels.shape[:2]

    def edit(picture: Picture) -> Picture:
        found = picture.layer(layer)
        if found is None:  # deleted meanwhile
            return picture
        old = content(picture, found)
        x = _inside(old.x + (old.width - width) // 2, width, picture.width)
        y = _inside(old.y + (old.height - height) // 2, height, picture.height)
        return change_node(layer, raster=Raster.from_array(image.pixels, x, y))(picture)

    return edit


def _inside(start: int, length: int, room: int) -> int:
    """Moved so that it lies inside, or, if it is too long, with its middle in the middle."""
    return (room - length) // 2 if length > room else min(max(start, 0), room - length)
