"""A process that edits, saves and autosaves in a real window until it is killed.

Started once, it forks an editor for each line ``{"seed": ..., "folder": ...}`` it reads: the imports
are paid for once. An editor writes what it does to ``log.jsonl``, one line a `write`, which a kill of
the process cannot take back.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import studio.files.documents
import studio.qt.main_window
from studio.document import BlendMode, Document, Group, Layer, Picture, Raster, composite
from studio.document.layer_edits import add_node, change_node, move_node, remove_node

BEAT = 0.05
ACTION_MS = 4


def digest(picture: Picture) -> str:
    """Of all that a picture is."""
    found = hashlib.blake2b(digest_size=12)

    def raster(value: Raster | None) -> None:
        if value is not None:
            for index, tile in sorted(value.tiles.items()):
                found.update(repr((index, tile.dtype.name, tile.shape)).encode())
                found.update(tile.tobytes())

    for node, depth in picture.walk():
        facts = (depth, node.id, node.name, node.visible, node.opacity, str(node.blend))
        found.update(repr((*facts, node.locked)).encode())
        raster(node.mask)
        if isinstance(node, Layer):
            raster(node.raster)
    found.update(repr((picture.width, picture.height, picture.active, picture.icc)).encode())
    raster(picture.selection)
    return found.hexdigest()


def flat(picture: Picture) -> str:
    """Of what is seen of it: what every file format has to keep."""
    return hashlib.blake2b(composite(picture, picture.bounds).tobytes(), digest_size=12).hexdigest()


def result_pixels(number: int) -> np.ndarray:
    """What the result of that number shows."""
    return np.random.default_rng(number).integers(0, 65536, (30, 40, 4), dtype=np.uint16)


class Log:
    """Lines that are in the file, as far as other processes can tell, once `write` returns."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(self, what: str, **facts: Any) -> None:
        line = json.dumps({"what": what, "time": time.monotonic(), **facts})
        os.write(self._file, line.encode() + b"\n")


class Editor:
    """Random actions on the documents of a window."""

    def __init__(self, seed: int, folder: Path) -> None:
        from PySide6.QtCore import Qt, QTimer
        from PySide6.QtWidgets import QApplication

        from studio.host.services import build_services
        from studio.qt.recovery.area import RecoveryArea
        from studio.qt.theme import Theme

        self.rng = random.Random(seed)
        self.folder = folder
        self.log = Log(folder / "log.jsonl")
        self.application = QApplication(["editor"])
        services = build_services()
        theme = Theme(self.application, "dark")
        self.window = studio.qt.main_window.MainWindow(services, theme)
        self.window.show()
        self.area = next(a for a in self.window.areas if isinstance(a, RecoveryArea))
        self.numbers: dict[int, int] = {}
        self.alive: list[Picture] = []
        self.names: dict[Document, str] = {}
        self.count = 0
        self.saving = False
        # On the thread that wrote it, at once.
        self.area.kept.connect(self._on_written, Qt.ConnectionType.DirectConnection)
        self.window.session.opened.connect(self._on_opened)
        self.window.files.saved.connect(self._on_saved)
        self.window.files.busy.connect(lambda text: text or setattr(self, "saving", False))
        self.timer = QTimer()
        self.timer.timeout.connect(self._act)
        threading.Thread(target=self._beat, daemon=True).start()
        self.window.open(folder / "photo.ora")

    def run(self) -> None:
        self.application.exec()

    # What is logged

    def _beat(self) -> None:
        """Shows by its gaps when neither processor nor disk was to be had."""
        disk = os.open(self.folder / "beat", os.O_WRONLY | os.O_CREAT)
        while True:
            os.pwrite(disk, b"beat", 0)
            os.fsync(disk)
            self.log.write("beat")
            time.sleep(BEAT)

    def _on_opened(self, document: Document) -> None:
        source = self.window.session.entry(document).source
        self.names[document] = source.name
        self._note(document)
        if len(self.names) == 1:
            self.log.write("ready")
            self.timer.start(ACTION_MS)

    def _note(self, document: Document) -> None:
        """The state that a document is in from now on."""
        picture = document.picture
        self.count += 1
        self.alive.append(picture)
        self.numbers[id(picture)] = self.count
        self.log.write(
            "state",
            number=self.count,
            document=self.names[document],
            digest=digest(picture),
            modified=document.modified,
        )

    def _on_written(self, state: Any) -> None:
        kept = state.kept
        if kept is not None:
            number = self.numbers[id(kept.picture)]
            name, results = kept.name, [result.title for result in kept.results]
            self.log.write("kept", document=name, number=number, results=results, bytes=state.bytes)
        else:
            self.log.write("clean", document=self.names.get(state.key.entry.document))

    def _on_saved(self, path: Path) -> None:
        document = self.window.session.document
        self.log.write("saved", path=path.name)
        if document is not None:
            self._note(document)

    # What is done

    def _act(self) -> None:
        actions: list[tuple[int, Callable[[Document], None]]] = [
            (8, self._paint),
            (2, self._add),
            (2, self._change),
            (1, self._move),
            (1, self._remove),
            (2, self._undo),
            (1, self._redo),
            (2, self._save),
            (1, self._switch),
            (1, self._finish_run),
        ]
        weights = [weight for weight, _ in actions]
        document = self.window.session.document
        if document is None:
            return
        before = document.picture
        self.rng.choices(actions, weights)[0][1](document)
        if self.window.session.document is document and document.picture is not before:
            self._note(document)

    def _paint(self, document: Document) -> None:
        rng = self.rng
        layer = rng.choice(document.picture.layers)
        color = [rng.randrange(65536) for _ in range(3)] + [65535]
        pixels = np.full((rng.randrange(1, 60), rng.randrange(1, 60), 4), color, np.uint16)
        raster = layer.raster.write(rng.randrange(-20, 380), rng.randrange(-20, 280), pixels)
        document.apply("Paint", change_node(layer.id, raster=raster))

    def _add(self, document: Document) -> None:
        if len(document.picture.layers) > 6:
            return
        pixels = result_pixels(self.rng.randrange(1000))
        layer = Layer("Layer", Raster.from_array(pixels, self.rng.randrange(300), 50))
        node = Group("Group", (layer,)) if self.rng.random() < 0.3 else layer
        document.apply("Add", add_node(node))

    def _change(self, document: Document) -> None:
        node = self.rng.choice([node for node, _ in document.picture.walk()])
        mask = None
        if self.rng.random() < 0.5:
            mask = Raster.from_array(np.full((200, 300, 1), self.rng.randrange(256), np.uint8))
        blend = self.rng.choice([BlendMode.NORMAL, BlendMode.MULTIPLY, BlendMode.SCREEN])
        opacity = self.rng.randrange(1, 9) / 8
        document.apply("Change", change_node(node.id, opacity=opacity, blend=blend, mask=mask))

    def _move(self, document: Document) -> None:
        node = self.rng.choice([node for node, _ in document.picture.walk()])
        document.apply("Move", move_node(node.id, None, 0))

    def _remove(self, document: Document) -> None:
        document.apply("Remove", remove_node(self.rng.choice(document.picture.layers).id))

    def _undo(self, document: Document) -> None:
        document.undo()

    def _redo(self, document: Document) -> None:
        document.redo()

    def _save(self, document: Document) -> None:
        path = self.window.session.source.path
        if path is None or self.saving:
            return
        self.saving = True
        copy = self.rng.random() < 0.3
        target = self.folder / "copy.png" if copy else path
        self.log.write("saving", path=target.name, flat=flat(document.picture))
        self.window.files.write(target, copy=copy)

    def _switch(self, document: Document) -> None:
        session = self.window.session
        if len(self.names) == 1:
            pixels = result_pixels(self.rng.randrange(1000))
            from studio.qt.session import Source

            session.show(Picture.from_pixels(pixels), Source(title="Drawing"), 64, saved=False)
        elif not self.saving:
            session.step(1)

    def _finish_run(self, document: Document) -> None:
        from studio.host.requests import RunRequest
        from studio.host.results import ResultImage, RunResult

        runs = self.window.runs
        if runs.result is not None:
            runs.discard()
            return
        number = self.rng.randrange(1000)
        picture = document.picture
        image = ResultImage(result_pixels(number), 5, 6, None, "Result")
        request = RunRequest("some.operation", {"n": number}, picture)
        size = (picture.width, picture.height)
        runs.offer(
            [RunResult(request, f"{number}", "layer", "layers", ((image,),), size, (), {}, 0.1)]
        )


def start(seed: int, folder: Path) -> None:
    for name in ("config", "models", "data", "plugins"):
        os.environ[f"IMPASTO_{name.upper()}"] = str(folder / name)
    Editor(seed, folder).run()


def main() -> None:
    for line in sys.stdin:
        task = json.loads(line)
        pid = os.fork()
        if pid == 0:
            errors = os.open(Path(task["folder"]) / "errors.txt", os.O_WRONLY | os.O_CREAT)
            os.dup2(errors, 1)
            os.dup2(errors, 2)
            try:
                start(task["seed"], Path(task["folder"]))
            except BaseException:  # noqa: BLE001 - shown to the test
                traceback.print_exc()
            os._exit(1)
        print(pid, flush=True)  # noqa: T201 - the answer
        os.waitpid(pid, 0)
        print("dead", flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
