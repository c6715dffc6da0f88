"""The export dialog: preview, size, options that are remembered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QDialog, QFileDialog
from pytestqt.qtbot import QtBot

from studio.document import Picture
from studio.files.metadata import Metadata
from studio.qt.dialogs.export import ExportDialog, readable
from studio.qt.main_window import MainWindow
from studio.qt.transfer.compare import ComparePreview, image_of

WAIT = 20_000


@pytest.fixture
def dialog(opened: MainWindow, qtbot: QtBot) -> Iterator[ExportDialog]:
    noise = np.random.default_rng(0).integers(0, 256, (60, 90, 4), np.uint8)
    made = ExportDialog(opened, opened.workspace, Picture.from_pixels(noise), Metadata(), ".jpg")
    made.show()
    yield made
    made.reject()
    made.deleteLater()
    qtbot.waitUntil(lambda: not opened.workspace.background.busy, timeout=WAIT)


def choose(dialog: ExportDialog, name: str) -> None:
    dialog.format.setCurrentIndex(dialog.format.findText(name))


def settled(dialog: ExportDialog, qtbot: QtBot) -> str:
    def done() -> bool:
        text = dialog.weight.text()
        return bool(text) and "…" not in text

    qtbot.waitUntil(done, timeout=WAIT)
    return dialog.weight.text()


def test_quality_changes_size_and_preview(dialog: ExportDialog, qtbot: QtBot) -> None:
    assert dialog.kind.name == "JPEG"
    dialog.quality.setValue(95)
    fine = settled(dialog, qtbot)
    image = dialog.preview.after.copy()
    dialog.quality.setValue(5)
    coarse = settled(dialog, qtbot)
    assert coarse != fine
    assert dialog.preview.after != image
    assert dialog.preview.before.size() == dialog.preview.after.size()
    assert "Transparency" in dialog.notes.text()


def test_only_what_a_format_has_is_asked(dialog: ExportDialog) -> None:
    for name, shown in (("JPEG", (True, False, False)), ("PNG", (False, True, False)),
                        ("WebP", (True, False, True)), ("TIFF", (False, True, False)),
                        ("AVIF", (True, False, False))):  # fmt: skip
        choose(dialog, name)
        rows = (dialog.quality, dialog.compression, dialog.lossless)
        assert tuple(row.isVisible() for row in rows) == shown, name


def test_the_size_keeps_the_proportions(dialog: ExportDialog, qtbot: QtBot) -> None:
    dialog.width_box.setValue(45)
    assert dialog.height_box.value() == 30
    dialog.height_box.setValue(20)
    assert dialog.width_box.value() == 30
    assert dialog.options().size == (30, 20)
    settled(dialog, qtbot)
    assert dialog.preview.before.width() == 30


def test_options_are_remembered_by_format(
    opened: MainWindow, dialog: ExportDialog, qtbot: QtBot
) -> None:
    choose(dialog, "WebP")
    dialog.quality.setValue(33)
    dialog.lossless.setChecked(True)
    dialog.srgb.setChecked(True)
    dialog.accept()
    picture = Picture.from_pixels(np.zeros((3, 3, 4), np.uint8))
    again = ExportDialog(opened, opened.workspace, picture, Metadata(), ".webp")
    options = again.options()
    assert (options.quality, options.lossless, options.srgb) == (33, True, True)
    choose(again, "JPEG")
    assert (again.options().quality, again.options().srgb) == (92, False)
    again.reject()
    again.deleteLater()


def test_exporting_writes_a_copy(
    opened: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def accept(dialog: ExportDialog) -> int:
        choose(dialog, "JPEG")
        dialog.width_box.setValue(30)
        dialog.accept()
        return int(QDialog.DialogCode.Accepted)

    monkeypatch.setattr(ExportDialog, "exec", accept)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "small"), ""))
    with qtbot.waitSignal(opened.files.saved, timeout=WAIT):
        opened.actions_by_id.trigger("export")
    with Image.open(tmp_path / "small.jpg") as image:
        assert image.size == (30, 20)
    assert opened.session.name == "photo.png"


def test_the_preview_is_moved_and_zoomed_by_keys_and_mouse(qtbot: QtBot) -> None:
    preview = ComparePreview()
    qtbot.addWidget(preview)
    preview.resize(400, 300)
    preview.show()
    qtbot.waitExposed(preview)
    before = image_of(np.full((300, 400, 4), 255, np.uint8))
    after = image_of(np.full((300, 400, 4), (0, 0, 0, 255), np.uint8))
    preview.show_images(before, after)
    shown = preview.grab().toImage()
    assert shown.pixelColor(60, 200).lightness() == 255
    assert shown.pixelColor(340, 200).lightness() == 0
    zoom = preview.zoom
    qtbot.keyClick(preview, Qt.Key.Key_Plus)
    assert preview.zoom > zoom
    middle = preview.middle
    qtbot.keyClick(preview, Qt.Key.Key_Right)
    assert preview.middle.x() > middle.x()
    qtbot.keyClick(preview, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert preview.divider < 0.5
    preview.zoom_by(1000, QPointF(0, 0))
    assert preview.zoom == 16


@pytest.mark.parametrize(
    ("nbytes", "text"), [(999, "999 bytes"), (12_345, "12.3 KB"), (7_654_321, "7.65 MB")]
)
def test_sizes_for_people(nbytes: int, text: str) -> None:
    assert readable(nbytes) == text
