"""Several pictures in tabs: opening, switching, closing, and what belongs to which."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from studio.document import Picture, composite
from studio.document.layer_edits import change_node
from studio.host.jobs import JobState
from studio.qt.main_window import MainWindow
from studio.qt.session import Session, Source

Run = Callable[[MainWindow, str], None]
Buttons = QMessageBox.StandardButton


def names(window: MainWindow) -> list[str]:
    """What the tabs say."""
    return [window.tabs.tabText(i) for i in range(window.tabs.count())]


def modify(window: MainWindow) -> None:
    """Change the picture in front."""
    document = window.session.document
    assert document is not None
    assert document.apply("Fade", change_node(document.picture.active, opacity=0.5))


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three pictures, one of them large enough to be moved about."""
    made = []
    for number, size in enumerate(((50, 40), (1600, 1200), (30, 20))):
        made.append(tmp_path / f"{number}.png")
        Image.new("RGB", size, (40 * number, 90, 200)).save(made[-1])
    return made


@pytest.fixture
def three(qtbot: QtBot, window: MainWindow, files: list[Path]) -> MainWindow:
    """The window with three pictures open, the last in front."""
    for number, path in enumerate(files, start=1):
        window.open(path)
        qtbot.waitUntil(lambda wanted=number: len(window.session.entries) == wanted)
    return window


def test_every_picture_gets_a_tab(three: MainWindow, files: list[Path]) -> None:
    assert names(three) == ["0.png", "1.png", "2.png"]
    assert three.tabs.currentIndex() == 2
    assert three.tabs.tabToolTip(1) == str(files[1])
    assert three.windowTitle().startswith("2.png")


def test_several_files_open_at_once(
    qtbot: QtBot, window: MainWindow, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = [str(path) for path in files[:2]]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_a: (chosen, ""))
    window.actions_by_id.trigger("open")
    qtbot.waitUntil(lambda: len(window.session.entries) == 2)


def test_dropped_files_open_in_tabs(qtbot: QtBot, window: MainWindow, files: list[Path]) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in files])
    event = QDropEvent(
        QPointF(50, 50),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.welcome.dropEvent(event)
    qtbot.waitUntil(lambda: len(window.session.entries) == 3)
    assert sorted(names(window)) == ["0.png", "1.png", "2.png"]


def test_a_file_that_is_open_comes_to_the_front(three: MainWindow, files: list[Path]) -> None:
    three.open(files[0])
    assert three.session.name == "0.png"
    assert len(three.session.entries) == 3


def test_tabs_are_walked_through_by_keyboard(qtbot: QtBot, three: MainWindow) -> None:
    three.activateWindow()
    three.canvas.setFocus()
    qtbot.waitUntil(three.canvas.hasFocus)
    seen = []
    for _ in range(3):
        qtbot.keyClick(three.canvas, Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier)
        seen.append(three.session.name)
    assert seen == ["0.png", "1.png", "2.png"]
    three.actions_by_id.trigger("previous-tab")
    assert three.session.name == "1.png"


def test_a_tab_shows_what_is_not_saved(three: MainWindow) -> None:
    three.session.switch(three.session.entries[0].document)
    modify(three)
    assert names(three) == ["● 0.png", "1.png", "2.png"]
    assert three.isWindowModified()
    three.actions_by_id.trigger("undo")
    assert names(three)[0] == "0.png"
    modify(three)
    three.session.switch(three.session.entries[1].document)
    assert not three.isWindowModified()
    assert names(three)[0] == "● 0.png"


def test_tabs_can_be_moved(three: MainWindow) -> None:
    three.tabs.moveTab(2, 0)
    assert [entry.name for entry in three.session.entries] == ["2.png", "0.png", "1.png"]
    assert names(three) == ["2.png", "0.png", "1.png"]
    assert three.session.name == "2.png"
    three.tabs.setCurrentIndex(1)
    assert three.session.name == "0.png"


def test_closing_goes_to_the_neighbour(qtbot: QtBot, three: MainWindow) -> None:
    three.session.switch(three.session.entries[1].document)
    three.actions_by_id.trigger("close")
    assert three.session.name == "2.png"
    three.tabs.tabButton(0, three.tabs.ButtonPosition.RightSide).click()  # type: ignore[attr-defined]  # a tool button
    assert names(three) == ["2.png"]
    middle = three.tabs.tabRect(0).center()
    qtbot.mouseClick(three.tabs, Qt.MouseButton.MiddleButton, pos=QPoint(middle.x(), middle.y()))
    assert three.session.document is None
    assert three.center.currentWidget() is three.welcome
    assert three.tabs.isHidden()


def test_every_picture_keeps_its_view(three: MainWindow) -> None:
    first, second = three.session.entries[0].document, three.session.entries[1].document
    three.session.switch(second)
    three.canvas.zoom_to(3.0)
    three.canvas.pan(-200, -100)
    seen = three.canvas.visible_region()
    three.session.switch(first)
    assert three.canvas.fitted
    three.session.switch(second)
    assert three.canvas.zoom == pytest.approx(3.0)
    again = three.canvas.visible_region()
    assert abs(again.x - seen.x) <= 1
    assert abs(again.y - seen.y) <= 1


def test_a_result_waits_for_its_picture(qtbot: QtBot, three: MainWindow) -> None:
    first, second = three.session.entries[0].document, three.session.entries[1].document
    before = composite(first.picture)
    three.session.switch(first)
    three.tools.choose_id("tiny.double")
    three.tools.request_run()
    job = three.runs.job
    assert job is not None
    three.session.switch(second)
    assert three.bottom.isHidden()
    qtbot.waitUntil(lambda: job.state is JobState.DONE, timeout=20_000)
    qtbot.waitUntil(three.messages.isVisible, timeout=20_000)
    assert "0.png" in three.messages.text.text()
    assert three.runs.result is None
    assert three.runs.unapplied(first)
    three.messages.act.click()
    assert three.session.document is first
    qtbot.waitUntil(three.actions_by_id["apply"].isEnabled, timeout=20_000)
    three.session.switch(second)
    assert three.canvas.overlay is None
    assert not three.actions_by_id["apply"].isEnabled()
    three.session.switch(first)
    qtbot.waitUntil(three.actions_by_id["apply"].isEnabled, timeout=20_000)
    three.actions_by_id.trigger("apply")
    assert composite(first.picture).shape[0] == 2 * before.shape[0]
    assert not second.modified
    first.mark_saved()


def test_closing_a_tab_cancels_its_runs(qtbot: QtBot, three: MainWindow) -> None:
    three.tools.choose_id("tiny.slow")
    three.tools.request_run()
    job = three.runs.job
    assert job is not None
    three.session.switch(three.session.entries[0].document)
    assert three.runs.job is None
    three.files.close_one(three.session.entries[2].document)
    qtbot.waitUntil(lambda: job.state is JobState.CANCELLED, timeout=20_000)


def test_leaving_asks_once_about_everything(
    qtbot: QtBot, three: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    answer = [Buttons.Cancel]

    def exec_box(box: QMessageBox) -> int:
        asked.append(f"{box.text()} {box.informativeText()}")
        return answer[0].value

    monkeypatch.setattr(QMessageBox, "exec", exec_box)
    for entry in three.session.entries[:2]:
        three.session.switch(entry.document)
        modify(three)
    assert not three.close()
    assert len(asked) == 1
    assert "0.png" in asked[0]
    assert "1.png" in asked[0]
    assert "2.png" not in asked[0]
    assert len(three.session.entries) == 3
    answer[0] = Buttons.Discard
    three.close()
    qtbot.waitUntil(lambda: not three.isVisible())
    assert len(asked) == 2


def test_save_all_saves_each_to_its_file(
    qtbot: QtBot, three: MainWindow, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [path.read_bytes() for path in files]
    for entry in three.session.entries[:2]:
        three.session.switch(entry.document)
        document = entry.document
        pixels = composite(document.picture).copy()
        pixels[..., :3] = 255 - pixels[..., :3]
        inverted = Picture.from_pixels(pixels)
        raster = inverted.active_layer.raster
        document.apply("Invert", change_node(document.picture.active, raster=raster))
    monkeypatch.setattr(QMessageBox, "exec", lambda _box: Buttons.SaveAll.value)
    three.actions_by_id.trigger("close-all")
    qtbot.waitUntil(lambda: not three.session.entries, timeout=20_000)
    after = [path.read_bytes() for path in files]
    assert [a != b for a, b in zip(after, before, strict=True)] == [True, True, False]


def test_a_save_goes_to_its_own_document(qtbot: QtBot, three: MainWindow, tmp_path: Path) -> None:
    """The tab may change while a file is written."""
    three.session.switch(three.session.entries[0].document)
    modify(three)
    with qtbot.waitSignal(three.files.saved):
        three.files.write(tmp_path / "other.png")
        three.session.switch(three.session.entries[1].document)
    assert names(three) == ["other.png", "1.png", "2.png"]
    assert three.session.name == "1.png"


def test_a_new_document_result_opens_beside(qtbot: QtBot, three: MainWindow) -> None:
    three.tools.choose_id("tiny.make")
    three.tools.request_run()
    qtbot.waitUntil(three.actions_by_id["apply"].isEnabled, timeout=20_000)
    three.actions_by_id.trigger("apply")
    qtbot.waitUntil(lambda: len(three.session.entries) == 4)
    assert three.session.modified
    assert three.session.document is not None
    three.session.document.mark_saved()


def test_a_session_tells_what_is_opened_and_closed() -> None:
    session = Session()
    heard: list[tuple[str, object]] = []
    session.opened.connect(lambda document: heard.append(("opened", document)))
    session.closed.connect(lambda document: heard.append(("closed", document)))
    picture = Picture.from_pixels(np.zeros((4, 5, 4), np.uint8))
    first = session.show(picture, Source(title="First"), 16, saved=True)
    second = session.show(picture, Source(title="Second"), 16, saved=False)
    assert session.document is second
    assert session.modified
    session.close(first)
    assert session.document is second
    session.close()
    assert session.document is None
    assert session.name == "Untitled"
    assert heard == [("opened", first), ("opened", second), ("closed", first), ("closed", second)]
