"""What Save does with layers, project files and formats that cannot be written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from psd_tools import PSDImage
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from studio.document import Document, Layer, Raster
from studio.files.documents import read_document
from studio.qt.main_window import MainWindow
from studio.qt.transfer.saving import Answer

WAIT = 20_000


def document(window: MainWindow) -> Document:
    assert window.session.document is not None
    return window.session.document


def add_layer(window: MainWindow) -> None:
    pixels = np.full((4, 4, 4), 200, np.uint8)
    layer = Layer("More", Raster.from_array(pixels))
    document(window).apply("Layer", lambda picture: picture.replaced(nodes=(*picture.nodes, layer)))


def answers(window: MainWindow, monkeypatch: pytest.MonkeyPatch, answer: Answer) -> list[Path]:
    asked: list[Path] = []

    def ask(path: Path) -> Answer:
        asked.append(path)
        return answer

    monkeypatch.setattr(window.files, "ask_about_layers", ask)
    return asked


def name_dialog(monkeypatch: pytest.MonkeyPatch, path: Path) -> list[tuple[str, str]]:
    """Answer the file dialog; returns the start name and the first filter it was given."""
    given: list[tuple[str, str]] = []

    def choose(*arguments: str) -> tuple[str, str]:
        given.append((arguments[2], arguments[3].split(";;")[0]))
        return str(path), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    return given


def test_layers_are_saved_as_a_project_by_default(
    opened: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_layer(opened)
    answers(opened, monkeypatch, Answer.PROJECT)
    given = name_dialog(monkeypatch, tmp_path / "mine.ora")
    opened.actions_by_id.trigger("save")
    qtbot.waitUntil(lambda: not opened.session.modified, timeout=WAIT)
    ((start, first),) = given
    assert Path(start).name == "photo.ora"
    assert first.startswith("OpenRaster")
    assert opened.session.name == "mine.ora"
    assert read_document(tmp_path / "mine.ora").picture == document(opened).picture
    add_layer(opened)
    opened.actions_by_id.trigger("save")  # asks nothing any more
    qtbot.waitUntil(lambda: not opened.session.modified, timeout=WAIT)
    assert len(read_document(tmp_path / "mine.ora").picture.layers) == 3


def test_merging_is_asked_once_and_leaves_the_layers_unsaved(
    opened: MainWindow, qtbot: QtBot, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_layer(opened)
    asked = answers(opened, monkeypatch, Answer.MERGED)
    for count in (1, 2):
        with qtbot.waitSignal(opened.files.saved, timeout=WAIT):
            opened.actions_by_id.trigger("save")
        assert opened.session.modified
        assert len(asked) == 1, count
    with Image.open(photo) as image:
        assert image.convert("RGBA").getpixel((1, 1)) != (0, 0, 0, 0)
    assert "not saved" in opened.messages.details.toPlainText() + opened.messages.text.text()


def test_cancelling_writes_nothing(
    opened: MainWindow, qtbot: QtBot, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = photo.read_bytes()
    add_layer(opened)
    answers(opened, monkeypatch, Answer.CANCEL)
    opened.actions_by_id.trigger("save")
    qtbot.waitUntil(lambda: not opened.workspace.background.busy, timeout=WAIT)
    assert photo.read_bytes() == before


def test_a_photoshop_document_is_saved_as_a_project(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    psd = PSDImage.new("RGB", (20, 10))
    for name in ("A", "B"):
        psd.create_pixel_layer(Image.new("RGB", (20, 10), (9, 8, 7)), name=name)
    psd.save(tmp_path / "a.psd")
    window.open(tmp_path / "a.psd")
    qtbot.waitUntil(lambda: window.session.document is not None, timeout=WAIT)
    assert [layer.name for layer in document(window).picture.layers] == ["A", "B"]
    given = name_dialog(monkeypatch, tmp_path / "a.ora")
    window.actions_by_id.trigger("save")
    qtbot.waitUntil((tmp_path / "a.ora").exists, timeout=WAIT)
    assert Path(given[0][0]).name == "a.ora"
    qtbot.waitUntil(lambda: window.session.name == "a.ora", timeout=WAIT)


def test_a_broken_file_leaves_the_open_document(
    opened: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    add_layer(opened)
    kept = document(opened).picture
    for name, data in (("a.ora", b"PK\x03\x04" + bytes(26) + b"mimetypeimage/openraster"),
                       ("b.psd", b"8BPS\0\1" + bytes(30))):  # fmt: skip
        (tmp_path / name).write_bytes(data)
        opened.files.open(tmp_path / name)
        qtbot.waitUntil(lambda name=name: name in opened.messages.text.text(), timeout=WAIT)
        assert opened.messages.level == "error"
        assert document(opened).picture is kept
