"""Clipboard, layers from files, colour, dragging out and recipes in a real window."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QColorSpace, QGuiApplication, QImage
from pytestqt.qtbot import QtBot

from studio.document import Document, Group, Picture, Raster, Rect, composite
from studio.files.documents import write_document
from studio.files.metadata import Metadata
from studio.files.profiles import named_profiles, profile_name
from studio.qt import color
from studio.qt.main_window import MainWindow
from studio.qt.transfer.area import TransferArea
from studio.qt.transfer.clipboard import PNG, PRIVATE, ClipMime, clip_of, loader
from studio.qt.transfer.profile_dialog import DepthDialog, MonitorDialog, ProfileDialog

WAIT = 20_000


@pytest.fixture(autouse=True)
def _empty_clipboard(opened: MainWindow) -> Iterator[None]:
    QGuiApplication.clipboard().clear()
    yield
    QGuiApplication.clipboard().clear()
    color.set_monitor_profile(None)


def area(window: MainWindow) -> TransferArea:
    return next(area for area in window.areas if isinstance(area, TransferArea))


def document(window: MainWindow) -> Document:
    found = window.session.document
    assert found is not None
    return found


def select(window: MainWindow, rect: Rect) -> None:
    mask = Raster.from_array(np.full((rect.height, rect.width, 1), 255, np.uint8), rect.x, rect.y)
    document(window).apply("Select", lambda picture: picture.replaced(selection=mask))


def clip(window: MainWindow, qtbot: QtBot, command: str) -> ClipMime:
    """Copy, and what lies on the clipboard then."""
    QGuiApplication.clipboard().clear()
    window.actions_by_id.trigger(command)

    def copied() -> bool:
        return isinstance(QGuiApplication.clipboard().mimeData(), ClipMime)

    qtbot.waitUntil(copied, timeout=WAIT)
    found = QGuiApplication.clipboard().mimeData()
    assert isinstance(found, ClipMime)
    return found


def wait_for_step(window: MainWindow, qtbot: QtBot, title: str) -> Picture:
    def done() -> bool:
        history = document(window).history
        return bool(history.position) and history.steps[history.position - 1].title == title

    qtbot.waitUntil(done, timeout=WAIT)
    return document(window).picture


def test_copy_and_paste_add_a_layer_in_one_step(opened: MainWindow, qtbot: QtBot) -> None:
    before = document(opened).picture
    select(opened, Rect(10, 5, 20, 12))
    mime = clip(opened, qtbot, "copy")
    assert mime.clip.size == (20, 12)
    opened.actions_by_id.trigger("paste-in-place")
    after = wait_for_step(opened, qtbot, "Paste")
    assert len(after.layers) == 2
    np.testing.assert_array_equal(composite(after), composite(before))
    document(opened).undo()
    assert len(document(opened).picture.layers) == 1


def test_pasting_without_a_place_is_centred_in_the_view(opened: MainWindow, qtbot: QtBot) -> None:
    select(opened, Rect(0, 0, 10, 10))
    clip(opened, qtbot, "copy")
    opened.actions_by_id.trigger("paste")
    after = wait_for_step(opened, qtbot, "Paste")
    view = opened.canvas.visible_region().intersected(after.bounds)
    x, y = view.x + (view.width - 10) // 2, view.y + (view.height - 10) // 2
    assert after.active_layer.raster.read(Rect(x, y, 10, 10))[..., 3].all()


def test_cut_is_one_step_and_takes_only_what_is_selected(opened: MainWindow, qtbot: QtBot) -> None:
    select(opened, Rect(3, 4, 5, 6))
    clip(opened, qtbot, "cut")
    after = wait_for_step(opened, qtbot, "Cut")
    alpha = after.active_layer.raster.read(after.bounds)[..., 3]
    assert not alpha[4:10, 3:8].any()
    assert np.count_nonzero(alpha == 0) == 30


def test_paste_into_the_selection(opened: MainWindow, qtbot: QtBot) -> None:
    clip(opened, qtbot, "copy-merged")
    select(opened, Rect(30, 10, 8, 8))
    opened.actions_by_id.trigger("paste-into")
    after = wait_for_step(opened, qtbot, "Paste")
    assert after.active_layer.mask is not None
    assert after.selection is None


def test_paste_as_a_new_picture(opened: MainWindow, qtbot: QtBot) -> None:
    select(opened, Rect(3, 4, 5, 6))
    clip(opened, qtbot, "copy")
    first = document(opened)
    opened.actions_by_id.trigger("paste-new")
    qtbot.waitUntil(lambda: document(opened) is not first, timeout=WAIT)
    picture = document(opened).picture
    assert (picture.width, picture.height) == (5, 6)
    assert opened.session.modified
    for one in (first, document(opened)):
        one.mark_saved()


def test_an_empty_clipboard_is_explained(opened: MainWindow) -> None:
    opened.actions_by_id.trigger("paste")
    assert opened.messages.level == "error"
    assert "clipboard" in opened.messages.text.text()


def test_others_get_png_and_our_own_kind_gets_all_bits(opened: MainWindow, qtbot: QtBot) -> None:
    document(opened).apply(
        "Deep", lambda picture: Picture.from_pixels(
            np.full((9, 8, 4), (1000, 2000, 3000, 40000), np.uint16)
        ),
    )  # fmt: skip
    mime = clip(opened, qtbot, "copy-merged")
    with Image.open(io.BytesIO(mime.data(PNG).data())) as image:
        assert np.asarray(image)[0, 0].tolist() == [4, 8, 12, 156]
    other = QMimeData()  # as another Impasto sees it
    other.setData(PRIVATE, mime.data(PRIVATE))
    load = loader(other, 10_000)
    assert load is not None
    np.testing.assert_array_equal(load().pixels, mime.clip.pixels)
    shown = mime.imageData()
    assert isinstance(shown, QImage)
    assert shown.pixelColor(0, 0).getRgb() == (4, 8, 12, 156)


@pytest.mark.parametrize("form", [QImage.Format.Format_RGBA64, QImage.Format.Format_ARGB32])
def test_images_of_other_programs(opened: MainWindow, form: QImage.Format) -> None:
    image = QImage(7, 5, form)
    image.fill(0xFF336699)
    image.setColorSpace(QColorSpace(QColorSpace.NamedColorSpace.DisplayP3))
    mime = QMimeData()
    mime.setImageData(image)
    load = loader(mime, 10_000)
    assert load is not None
    for found in (load(), clip_of(image)):
        assert found.size == (7, 5)
        scale = 257 if found.pixels.dtype == np.uint16 else 1
        assert (found.pixels // scale)[2, 3].tolist() == [0x33, 0x66, 0x99, 0xFF]
        assert profile_name(found.icc) == "Display P3"


def test_dropped_layers_are_one_step_and_broken_files_are_told(
    opened: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    Image.new("RGB", (10, 8), (255, 0, 0)).save(tmp_path / "red.png")
    two = Picture.from_pixels(np.zeros((4, 4, 4), np.uint8))
    two = two.replaced(nodes=(*two.nodes, Group("inner")))
    write_document(tmp_path / "two.ora", two, Metadata())
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno")
    names = ("red.png", "broken.png", "two.ora")
    opened.files.layers_dropped.emit([tmp_path / name for name in names])
    picture = wait_for_step(opened, qtbot, "Open as layers")
    assert [node.name for node in picture.nodes] == ["Background", "red", "two"]
    assert composite(picture)[20, 30].tolist() == [255, 0, 0, 255]
    assert "broken.png" in opened.messages.text.text()
    document(opened).undo()
    assert len(document(opened).picture.nodes) == 1


def test_converting_and_assigning_are_steps(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = named_profiles()["Display P3"]

    def choose(dialog: ProfileDialog) -> int:
        dialog.profile.setCurrentIndex(1)
        dialog.profile.activated.emit(1)
        return 1

    monkeypatch.setattr(ProfileDialog, "exec", choose)
    before = document(opened).picture
    opened.actions_by_id.trigger("convert-profile")
    after = wait_for_step(opened, qtbot, "Convert to Display P3")
    assert after.icc == wide
    assert after.layers[0].raster != before.layers[0].raster
    document(opened).undo()
    opened.actions_by_id.trigger("assign-profile")
    after = wait_for_step(opened, qtbot, "Assign Display P3")
    assert after.icc == wide
    assert after.layers[0].raster == before.layers[0].raster


def test_depth_there_and_back(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = document(opened).picture
    assert opened.actions_by_id["depth-16"].isEnabled()
    assert not opened.actions_by_id["depth-8"].isEnabled()
    opened.actions_by_id.trigger("depth-16")
    assert wait_for_step(opened, qtbot, "16 bits per channel").dtype == np.uint16
    monkeypatch.setattr(DepthDialog, "exec", lambda _: 1)
    opened.actions_by_id.trigger("depth-8")
    assert wait_for_step(opened, qtbot, "8 bits per channel") == before


def test_an_edit_made_meanwhile_is_not_lost(opened: MainWindow, qtbot: QtBot) -> None:
    """The change is computed again for the picture that there is then."""
    seen: list[int] = []

    def change(picture: Picture) -> Picture:
        seen.append(picture.width)
        return picture.replaced(height=picture.height + 1)

    opened.workspace.edits.apply(document(opened), "Slow", change, 10**9)
    document(opened).apply("Wider", lambda picture: picture.replaced(width=picture.width + 1))
    after = wait_for_step(opened, qtbot, "Slow")
    assert (after.width, after.height) == (61, 41)
    assert seen[-1] == 61


def test_a_monitor_profile_is_used_and_remembered(
    opened: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = named_profiles()["Display P3"]
    path = tmp_path / "monitor.icc"
    path.write_bytes(wide)

    def choose(dialog: MonitorDialog) -> int:
        dialog.add_path(str(path))
        return 1

    monkeypatch.setattr(MonitorDialog, "exec", choose)
    opened.actions_by_id.trigger("monitor-profile")
    qtbot.waitUntil(lambda: color.monitor_profile() == wide, timeout=WAIT)
    assert opened.services.settings.monitor_profile == str(path)
    red = np.array([[[255, 0, 0, 255]]], np.uint8)
    assert color.to_monitor(red, wide) is red
    assert np.abs(color.to_monitor(red, None)[0, 0].astype(int) - (234, 51, 35, 255)).max() <= 3


def test_the_picture_and_the_layer_can_be_dragged_out(opened: MainWindow, qtbot: QtBot) -> None:
    handle = area(opened).handle
    qtbot.waitUntil(handle.isVisible)
    mime = handle.mime(layer=False)
    assert mime is not None
    assert not mime.path.exists()
    (url,) = mime.urls()
    path = Path(QUrl(url).toLocalFile())
    assert path.name == "photo.png"
    with Image.open(path) as image:
        np.testing.assert_array_equal(
            np.asarray(image.convert("RGBA")), composite(document(opened).picture)
        )
    layer = handle.mime(layer=True)
    assert layer is not None
    assert layer.path.name == "Background.png"
    handle.close_files()
    assert not path.exists()


def test_a_picture_with_records_offers_its_settings(
    opened: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    recipe = ({"operation": "tiny.invert", "parameters": {"strength": 0.25}},)
    picture = Picture.from_pixels(np.zeros((6, 7, 4), np.uint8))
    write_document(tmp_path / "made.png", picture, Metadata(recipe=recipe))
    opened.files.drop([str(tmp_path / "made.png")])
    qtbot.waitUntil(lambda: "record" in opened.messages.text.text(), timeout=WAIT)
    opened.messages.act.click()
    assert opened.services.settings.parameters["tiny.invert"]["strength"] == 0.25


def test_records_of_operations_that_are_not_here_are_explained(opened: MainWindow) -> None:
    area(opened).made_with.restore({"operation": "gone.away"})
    assert "gone.away" in opened.messages.text.text()
