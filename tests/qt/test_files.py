"""Opening, saving and what happens to unsaved changes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from studio.document import Document, Picture, composite
from studio.document.layer_edits import change_node
from studio.qt.main_window import MainWindow

Run = Callable[[MainWindow, str], None]
Buttons = QMessageBox.StandardButton


def answer(monkeypatch: pytest.MonkeyPatch, button: QMessageBox.StandardButton) -> list[str]:
    """Answer every question with a button; returns the questions asked."""
    asked: list[str] = []

    def exec_box(box: QMessageBox) -> int:
        asked.append(box.text())
        return button.value

    monkeypatch.setattr(QMessageBox, "exec", exec_box)
    return asked


def test_opening_shows_the_picture_and_its_facts(opened: MainWindow, photo: Path) -> None:
    assert opened.windowTitle() == "photo.png[*] — Impasto"
    assert opened.canvas.isVisible()
    assert not opened.welcome.isVisible()
    assert opened.status.size_text.text() == "60 × 40 · 8 bit"
    assert opened.status.profile.text() == "sRGB"
    assert opened.services.settings.recent_files == (str(photo),)


def test_a_file_that_is_no_picture_is_explained(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.png"
    wrong.write_bytes(b"")
    picture = opened.session.document
    opened.open(wrong)
    qtbot.waitUntil(opened.messages.isVisible)
    assert opened.messages.level == "error"
    assert "wrong.png" in opened.messages.text.text()
    assert opened.session.document is picture


def test_files_that_cannot_be_opened_are_told_together(
    qtbot: QtBot, window: MainWindow, photo: Path, tmp_path: Path
) -> None:
    broken = [tmp_path / f"{name}.png" for name in ("one", "two", "three")]
    for path in broken:
        path.write_bytes(b"no picture")
    window.open(*broken, photo)
    qtbot.waitUntil(lambda: window.session.document is not None)
    qtbot.waitUntil(lambda: not window.workspace.background.busy)
    said = window.messages.text.text()
    assert "3 files" in said
    assert all(path.name in said for path in broken)
    assert all(path.name in window.messages.details.toPlainText() for path in broken)
    window.open(broken[0])
    qtbot.waitUntil(lambda: "3 files" not in window.messages.text.text())
    assert "one.png" in window.messages.text.text()


def test_tabs_are_in_the_order_asked_for(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    """A large file takes longer than the small ones after it."""
    sizes = {"a.png": 3000, "b.png": 1500, "c.png": 8}
    for name, size in sizes.items():
        noise = np.random.default_rng(0).integers(0, 255, (size, size, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / name, compress_level=1)
    window.open(*(tmp_path / name for name in sizes))
    qtbot.waitUntil(lambda: len(window.session.entries) == 3, timeout=20_000)
    assert [entry.name for entry in window.session.entries] == list(sizes)
    assert [window.tabs.tabText(at) for at in range(3)] == list(sizes)


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def large(window: MainWindow) -> Document:
    """The document in front, now one that takes long to write."""
    noise = np.random.default_rng(0).integers(0, 255, (1200, 1200, 4), np.uint8)
    document = window.session.document
    assert document is not None
    document.apply("Large", lambda _: Picture.from_pixels(noise))
    return document


def test_a_newer_picture_is_not_replaced_by_an_older_that_took_longer(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
) -> None:
    document, path = large(opened), tmp_path / "kept.png"
    opened.files.write(path)
    small = np.full((3, 4, 4), 255, np.uint8)
    document.apply("Small", lambda _: Picture.from_pixels(small))
    opened.files.write(path)
    qtbot.waitUntil(lambda: not opened.files.writing, timeout=60_000)
    assert size_of(path) == (4, 3)
    assert not document.modified


def test_the_window_waits_for_an_export(qtbot: QtBot, opened: MainWindow, tmp_path: Path) -> None:
    document, path = large(opened), tmp_path / "copy.png"
    document.mark_saved()
    opened.files.write(path, copy=True)
    assert not opened.close()
    qtbot.waitUntil(lambda: not opened.isVisible(), timeout=60_000)
    assert size_of(path) == (1200, 1200)


def test_save_and_reopen(
    qtbot: QtBot,
    opened: MainWindow,
    run_to_result: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_to_result(opened, "tiny.invert")
    opened.actions_by_id.trigger("apply")
    assert opened.isWindowModified()
    document = opened.session.document
    assert document is not None
    wanted = composite(document.picture, document.picture.bounds)
    target = tmp_path / "out.tif"
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_a: (str(target), "TIFF (*.tif *.tiff)")
    )
    with qtbot.waitSignal(opened.files.saved):
        opened.actions_by_id.trigger("save-as")
    assert not opened.isWindowModified()
    assert opened.windowTitle().startswith("out.tif")
    opened.actions_by_id.trigger("close")
    opened.open(target)
    qtbot.waitUntil(lambda: opened.session.document is not None)
    again = opened.session.document
    assert again is not None
    assert np.array_equal(composite(again.picture, again.picture.bounds), wanted)


def test_a_failed_save_keeps_the_changes(
    qtbot: QtBot, opened: MainWindow, run_to_result: Run, tmp_path: Path
) -> None:
    run_to_result(opened, "tiny.invert")
    opened.actions_by_id.trigger("apply")
    opened.files.write(tmp_path / "no such folder" / "x.png")
    qtbot.waitUntil(opened.messages.isVisible)
    assert opened.messages.level == "error"
    assert opened.session.modified


def test_export_keeps_the_documents_own_file(
    qtbot: QtBot, opened: MainWindow, run_to_result: Run, tmp_path: Path
) -> None:
    run_to_result(opened, "tiny.invert")
    opened.actions_by_id.trigger("apply")
    with qtbot.waitSignal(opened.files.saved):
        opened.files.write(tmp_path / "copy.jpg", copy=True)
    assert (tmp_path / "copy.jpg").is_file()
    assert opened.session.modified
    assert opened.session.name == "photo.png"


def test_a_suffix_is_added_from_the_chosen_filter(
    opened: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = str(tmp_path / "plain")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (name, "WebP (*.webp)"))
    assert opened.files.ask_save_path("Save") == tmp_path / "plain.webp"


@pytest.mark.parametrize(
    ("button", "closes", "saves"),
    [(Buttons.Cancel, False, False), (Buttons.Discard, True, False), (Buttons.Save, True, True)],
)
def test_unsaved_changes_are_asked_about(
    qtbot: QtBot,
    opened: MainWindow,
    run_to_result: Run,
    photo: Path,
    monkeypatch: pytest.MonkeyPatch,
    button: QMessageBox.StandardButton,
    closes: bool,
    saves: bool,
) -> None:
    before = photo.read_bytes()
    run_to_result(opened, "tiny.invert")
    opened.actions_by_id.trigger("apply")
    asked = answer(monkeypatch, button)
    opened.actions_by_id.trigger("close")
    assert asked == ["Save the changes to photo.png?"]
    if closes:
        qtbot.waitUntil(lambda: opened.session.document is None)
    else:
        assert opened.session.name == "photo.png"
        assert opened.session.modified
    assert (photo.read_bytes() != before) is saves


def test_closing_with_unsaved_changes_can_be_called_off(
    qtbot: QtBot, opened: MainWindow, run_to_result: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_to_result(opened, "tiny.invert")
    opened.actions_by_id.trigger("apply")
    answer(monkeypatch, Buttons.Cancel)
    assert not opened.close()
    assert opened.isVisible()
    asked = answer(monkeypatch, Buttons.Discard)
    opened.close()
    qtbot.waitUntil(lambda: not opened.isVisible())
    assert len(asked) == 1


@pytest.mark.parametrize("tabs", [1, 2])
def test_what_is_painted_during_the_save_before_a_close_is_not_lost(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tabs: int
) -> None:
    documents = [opened.session.document]
    if tabs == 2:
        other = shutil.copy(tmp_path / "photo.png", tmp_path / "other.png")
        opened.open(Path(other))
        qtbot.waitUntil(lambda: len(opened.session.entries) == 2)
        documents.append(opened.session.document)
    for document in documents:
        assert document is not None
        document.apply("Name", lambda p: change_node(p.active, name="Named")(p))
    answer(monkeypatch, Buttons.SaveAll if tabs == 2 else Buttons.Save)
    opened.actions_by_id.trigger("close-all")
    first = documents[0]
    assert first is not None
    first.apply("Name", lambda p: change_node(p.active, name="Later")(p))
    asked = answer(monkeypatch, Buttons.Cancel)
    qtbot.waitUntil(lambda: bool(asked))
    assert opened.session.entry(first) is not None
    assert first.picture.active_layer.name == "Later"
    assert first.modified


def drop(window: MainWindow, path: Path) -> None:
    """Drop a file on what is in the middle of the window."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(
        QPointF(50, 50),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    target = window.canvas if window.canvas.isVisible() else window.welcome
    assert target.acceptDrops()
    target.dropEvent(event)
    assert event.isAccepted()


def test_a_dropped_picture_is_opened(qtbot: QtBot, window: MainWindow, photo: Path) -> None:
    drop(window, photo)
    qtbot.waitUntil(lambda: window.session.name == "photo.png")


def test_a_dropped_checkpoint_becomes_the_chosen_model(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
) -> None:
    path = tmp_path / "mine.safetensors"
    safetensors.numpy.save_file({"weight": np.ones((2, 2), np.float32)}, path)
    with qtbot.waitSignal(opened.workspace.models.imported):
        drop(opened, path)
    page = opened.tools.page
    assert page is not None
    assert page.operation.id == "tiny.many"
    chosen = page.form.values()["model"]
    assert chosen is not None
    assert opened.services.store.card(chosen).task == "testing"


def test_a_dropped_file_that_only_looks_like_a_checkpoint_is_explained(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
) -> None:
    path = tmp_path / "fake.pth"
    path.write_bytes(b"not a checkpoint")
    drop(opened, path)
    qtbot.waitUntil(opened.messages.isVisible)
    assert opened.messages.level == "error"
    assert "Importing" not in opened.status.busy.text()


def test_recent_files_show_on_the_welcome_page(
    qtbot: QtBot, opened: MainWindow, photo: Path
) -> None:
    opened.actions_by_id.trigger("close")
    assert opened.center.currentWidget() is opened.welcome
    qtbot.waitUntil(lambda: opened.welcome.recent.count() == 1)
    tile = opened.welcome.recent.itemAt(0).widget()
    assert tile.accessibleName() == "photo.png"
    tile.click()  # type: ignore[union-attr]  # a tile is a button
    qtbot.waitUntil(lambda: opened.session.name == "photo.png")


def test_a_sample_opens_as_an_untouched_picture(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: window.welcome.samples.count() > 0)
    tile = window.welcome.samples.itemAt(0).widget()
    tile.click()  # type: ignore[union-attr]  # a tile is a button
    qtbot.waitUntil(lambda: window.session.document is not None)
    assert window.session.name == tile.accessibleName()
    assert window.session.source.path is None
    assert not window.session.modified
