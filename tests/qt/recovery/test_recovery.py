"""The window keeps what is open, and offers it after a crash."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from studio.document import Layer, Picture, Raster
from studio.host.recovery import SECONDS_VARIABLE, recovery_folder
from studio.host.recovery_lost import Lost
from studio.host.services import Services
from studio.qt.main_window import MainWindow
from studio.qt.recovery.area import RecoveryArea
from studio.qt.recovery.dialog import RecoveryDialog
from studio.qt.recovery.thumbnails import small_view
from studio.qt.session import Source
from studio.qt.theme import Theme

SECONDS = 20_000


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECONDS_VARIABLE, "0.02")


def area_of(window: MainWindow) -> RecoveryArea:
    return next(area for area in window.areas if isinstance(area, RecoveryArea))


def paint(window: MainWindow, value: int = 200) -> None:
    document = window.session.document
    assert document is not None

    def edit(picture: Picture) -> Picture:
        layer = picture.layers[0]
        pixels = np.full((9, 9, 4), value, np.uint8)
        return picture.with_layer(layer.replaced(raster=layer.raster.write(3, 3, pixels)))

    assert document.apply("Paint", edit)


def wait_until_kept(qtbot: QtBot, window: MainWindow) -> None:
    area, document = area_of(window), window.session.document
    assert document is not None
    picture = document.picture

    def kept(written: object) -> bool:
        state = written.kept
        return state is not None and state.picture is picture

    with qtbot.waitSignal(area.kept, timeout=SECONDS, check_params_cb=kept):
        area._watches[document].again()


def leave_dead(window: MainWindow) -> Path:
    """What this window would leave behind if it was killed now."""
    folder = area_of(window).keeper.folder
    assert folder is not None
    dead = folder.with_name("dead")
    shutil.copytree(folder, dead)
    return dead


def offered() -> list[str]:
    lost = Lost()
    names = [document.name for document in lost.find()]
    lost.release()
    return names


Crash = Callable[[], Picture]


@pytest.fixture
def crashed(qtbot: QtBot, services: Services, theme: Theme, photo: Path) -> Crash:
    """Work on a photo in a window that then dies."""

    def work() -> Picture:
        window = MainWindow(services, theme)
        window.open(photo)
        qtbot.waitUntil(lambda: window.session.document is not None)
        paint(window)
        assert window.session.document is not None
        picture = window.session.document.picture
        wait_until_kept(qtbot, window)
        leave_dead(window)
        window.session.document.mark_saved()
        # Its jobs go on: the services are those of the window that comes next.
        services.jobs.close = lambda _seconds: True  # type: ignore[method-assign]  # see above
        window.close()
        window.deleteLater()
        del services.jobs.close
        return picture

    return work


@pytest.fixture
def restart(qtbot: QtBot, services: Services, theme: Theme) -> Callable[[], MainWindow]:
    """The next start, up to the dialog."""
    windows = []

    def start() -> MainWindow:
        window = MainWindow(services, theme)
        windows.append(window)
        window.show()
        qtbot.waitUntil(lambda: area_of(window).dialog is not None, timeout=SECONDS)
        return window

    yield start
    for window in windows:
        for entry in window.session.entries:
            entry.document.mark_saved()
        window.close()
        window.deleteLater()
    qtbot.wait(1)


def test_a_change_is_kept_and_a_save_makes_it_obsolete(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
):
    paint(opened)
    wait_until_kept(qtbot, opened)
    dead = leave_dead(opened)
    assert offered() == ["photo.png"]
    shutil.rmtree(dead)
    with qtbot.waitSignal(
        area_of(opened).kept, timeout=SECONDS, check_params_cb=lambda written: written.kept is None
    ):
        opened.files.write(tmp_path / "photo.png")
    leave_dead(opened)
    assert offered() == []


def test_a_picture_that_was_only_opened_is_not_kept(qtbot: QtBot, opened: MainWindow):
    area_of(opened)._arm()
    qtbot.wait(100)
    assert area_of(opened).keeper.flush(10)
    assert area_of(opened).keeper.folder is None


def test_what_a_drag_shows_is_kept_only_once_it_is_done(qtbot: QtBot, opened: MainWindow):
    paint(opened)
    document = opened.session.document
    assert document is not None
    before = document.picture
    transaction = document.begin("Drag")
    transaction.show(before.replaced(width=30))
    with qtbot.waitSignal(area_of(opened).kept, timeout=SECONDS) as kept:
        pass
    assert kept.args[0].kept.picture is before
    with qtbot.waitSignal(area_of(opened).kept, timeout=SECONDS) as kept:
        transaction.commit()
    assert kept.args[0].kept.picture.width == 30


def test_nothing_is_left_after_an_ordinary_end(
    qtbot: QtBot, services: Services, theme: Theme, photo: Path
):
    window = MainWindow(services, theme)
    window.open(photo)
    qtbot.waitUntil(lambda: window.session.document is not None)
    paint(window)
    wait_until_kept(qtbot, window)
    assert any(recovery_folder().iterdir())
    window.session.document.mark_saved()
    window.close()
    window.deleteLater()
    assert list(recovery_folder().iterdir()) == []


def test_recover_opens_a_modified_document_and_leaves_the_file_alone(
    qtbot: QtBot, crashed: Crash, restart: Callable[[], MainWindow], photo: Path
):
    content = photo.read_bytes()
    picture = crashed()
    window = restart()
    dialog = area_of(window).dialog
    assert isinstance(dialog, RecoveryDialog)
    assert dialog.list.count() == 1
    text = dialog.list.item(0).text()
    assert "photo.png" in text
    assert "60 × 40" in text
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.session.document is not None, timeout=SECONDS)
    assert window.session.document.picture == picture
    assert window.session.modified
    assert window.session.source.path == photo
    assert photo.read_bytes() == content
    # Safe in this instance's own journal before the old one goes.
    qtbot.waitUntil(lambda: not (recovery_folder() / "dead").exists(), timeout=SECONDS)
    leave_dead(window)
    assert offered() == ["photo.png"]


def test_later_offers_it_again(qtbot: QtBot, crashed: Crash, restart: Callable[[], MainWindow]):
    crashed()
    window = restart()
    dialog = area_of(window).dialog
    assert dialog is not None
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: area_of(window).dialog is None)
    assert window.session.document is None
    assert offered() == [], "this instance holds it as long as it runs"
    area_of(window).lost.release()
    assert offered() == ["photo.png"]


def test_discard_asks_and_then_deletes(
    qtbot: QtBot, crashed: Crash, restart: Callable[[], MainWindow]
):
    crashed()
    window = restart()
    dialog = area_of(window).dialog
    assert dialog is not None
    for answer in ("Cancel", "Delete"):
        dialog.discard_button.click()
        box = dialog.findChildren(QMessageBox)[-1]
        assert "photo.png" in box.informativeText()
        next(b for b in box.buttons() if b.text().replace("&", "") == answer).click()
        if answer == "Cancel":
            assert (recovery_folder() / "dead").exists()
    qtbot.waitUntil(lambda: not (recovery_folder() / "dead").exists(), timeout=SECONDS)
    qtbot.waitUntil(lambda: area_of(window).dialog is None)


def test_nothing_ticked_means_nothing_to_do(
    qtbot: QtBot, crashed: Crash, restart: Callable[[], MainWindow]
):
    crashed()
    dialog = area_of(restart()).dialog
    assert dialog is not None
    index: QModelIndex = dialog.list.model().index(0, 0)
    dialog.list.setCurrentIndex(index)
    qtbot.keyClick(dialog.list, Qt.Key.Key_Space)
    assert not dialog.recover_button.isEnabled()
    assert not dialog.discard_button.isEnabled()
    dialog.later_button.click()


def test_the_dialog_shows_the_picture(
    qtbot: QtBot, crashed: Crash, restart: Callable[[], MainWindow]
):
    crashed()
    dialog = area_of(restart()).dialog
    assert dialog is not None

    def shown() -> bool:
        image = dialog.list.item(0).icon().pixmap(128, 96).toImage()
        return image.pixelColor(64, 48).alpha() == 255

    qtbot.waitUntil(shown, timeout=SECONDS)
    dialog.later_button.click()


def test_a_result_that_was_not_applied_waits_again(
    qtbot: QtBot,
    opened: MainWindow,
    run_to_result: Callable[[MainWindow, str], None],
    restart: Callable[[], MainWindow],
):
    run_to_result(opened, "tiny.invert")
    result = opened.runs.result
    assert result is not None
    qtbot.waitUntil(lambda: area_of(opened).keeper.folder is not None, timeout=SECONDS)
    assert area_of(opened).keeper.flush(20)
    leave_dead(opened)
    opened.runs.discard()
    opened.session.close_all()
    window = restart()
    dialog = area_of(window).dialog
    assert dialog is not None
    assert "Not applied yet: Invert" in dialog.list.item(0).text()
    dialog.recover_button.click()
    qtbot.waitUntil(lambda: window.canvas.overlay is not None, timeout=SECONDS)
    assert not window.session.modified, "the file holds all but the result"
    window.runs.apply()
    assert window.session.document is not None
    assert window.session.document.picture.layers[0].raster == result.after().layers[0].raster


def test_a_folder_that_cannot_be_written_is_told_once(
    qtbot: QtBot, opened: MainWindow, monkeypatch: pytest.MonkeyPatch
):
    shutil.rmtree(recovery_folder(), ignore_errors=True)
    recovery_folder().write_text("in the way")
    told = []
    monkeypatch.setattr(opened.messages, "show_error", told.append)
    paint(opened)
    qtbot.waitUntil(lambda: bool(told), timeout=SECONDS)
    paint(opened, 90)
    qtbot.wait(100)
    recovery_folder().unlink()
    with qtbot.waitSignal(area_of(opened).kept, timeout=SECONDS):
        paint(opened, 30)
    assert len(told) == 1
    assert "cannot be kept for recovery" in str(told[0])


def test_two_documents_are_kept_apart(qtbot: QtBot, opened: MainWindow):
    paint(opened)
    wait_until_kept(qtbot, opened)
    picture = Picture.from_pixels(np.full((20, 30, 4), 9, np.uint8))
    opened.session.show(picture, Source(title="Drawing"), 64, saved=False)
    wait_until_kept(qtbot, opened)
    dead = leave_dead(opened)
    assert sorted(offered()) == ["Drawing", "photo.png"]
    shutil.rmtree(dead)
    drawing = opened.session.document
    opened.session.close(drawing)
    assert area_of(opened).keeper.flush(20)
    leave_dead(opened)
    assert offered() == ["photo.png"]


def test_a_backup_of_the_replaced_file_is_an_option(qtbot: QtBot, opened: MainWindow, photo: Path):
    content, backup = photo.read_bytes(), photo.with_name("photo.png~")
    paint(opened)
    with qtbot.waitSignal(opened.files.saved, timeout=SECONDS):
        opened.files.save()
    assert not backup.exists()
    saved = photo.read_bytes()
    assert saved != content
    opened.services.settings.update(keep_backup=True)
    paint(opened, 50)
    with qtbot.waitSignal(opened.files.saved, timeout=SECONDS):
        opened.files.save()
    assert backup.read_bytes() == saved


def test_a_small_view_of_a_large_picture_looks_like_it():
    base = np.zeros((1500, 2100, 4), np.uint16)
    base[:, 1050:] = 65535
    base[..., 3] = 65535
    layers = (
        Layer("Base", Raster.from_array(base)),
        Layer("Hidden", Raster.from_array(np.full((999, 999, 4), 9, np.uint16)), visible=False),
    )
    image = small_view(Picture(2100, 1500, layers, layers[0].id))
    assert image.width() <= 320
    assert abs(image.width() / image.height() - 2100 / 1500) < 0.02
    assert image.pixelColor(10, 100).red() == 0
    assert image.pixelColor(image.width() - 10, 100).red() == 255
