"""Live making: pictures follow a form that needs no picture, and names have pictures."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QPixmap
from pytestqt.qtbot import QtBot

from studio.document import composite
from studio.host.results import RunResult
from studio.host.sketches import SketchBook
from studio.qt.forms.model_control import ModelControl
from studio.qt.forms.option_control import OptionControl
from studio.qt.generating.area import GeneratingArea
from studio.qt.main_window import MainWindow
from studio.qt.panels.operation_page import OperationPage

Page = Callable[[str], OperationPage]
Follow = Callable[[], None]


def level(area: GeneratingArea, number: int = 0) -> tuple[int, int, int]:
    found = QColor(area.pane.grid.image(number).pixel(QPoint(5, 5)))
    return found.red(), found.green(), found.blue()


@pytest.fixture
def follow(qtbot: QtBot, area: GeneratingArea) -> Follow:
    """Wait until the pane shows what the form says."""

    def wait() -> None:
        qtbot.waitUntil(lambda: area.maker.settled, timeout=20_000)
        qtbot.waitUntil(lambda: not area._later.isActive())

    return wait


def label(page: OperationPage) -> OptionControl:
    found = page.form.controls["label"]
    assert isinstance(found, OptionControl)
    return found


def test_the_picture_follows_a_slider(
    window: MainWindow, area: GeneratingArea, live: OperationPage, follow: Follow
) -> None:
    assert area.pane.isVisible()
    assert window.welcome.isHidden()
    assert level(area) == (128, 128, 0)
    for value in range(11):
        live.form.controls["level"].set_value(value / 10)
    follow()
    assert level(area) == (255, 255, 0)
    assert window.services.jobs.jobs == (), "previews are not listed"
    assert window.session.document is None


def test_what_is_shown_is_kept_as_a_picture(
    qtbot: QtBot, window: MainWindow, area: GeneratingArea, live: OperationPage, follow: Follow
) -> None:
    live.form.controls["count"].set_value(4)
    follow()
    area.pane.grid.setCurrentRow(2)
    live.run_button.click()
    qtbot.waitUntil(lambda: window.session.document is not None, timeout=20_000)
    assert window.session.document is not None
    assert tuple(composite(window.session.document.picture)[0, 0, :3]) == (128, 128, 5)
    assert window.runs.result is None
    follow()
    assert area.pane.isVisible(), "the form is still open"
    assert live.form.values()["count"] == 4, "with its values"


def test_it_is_kept_and_enlarged_at_once(
    qtbot: QtBot, window: MainWindow, area: GeneratingArea, live: OperationPage
) -> None:
    area.pane.buttons[0].click()
    qtbot.waitUntil(
        lambda: (
            window.session.document is not None and len(window.session.document.history.steps) == 1
        ),
        timeout=20_000,
    )
    assert window.session.document is not None
    assert window.session.document.picture.width == 32


def test_it_ends_with_its_switch_or_its_form(
    qtbot: QtBot, window: MainWindow, area: GeneratingArea, live: OperationPage
) -> None:
    live.live.box.click()
    qtbot.waitUntil(area.pane.isHidden)
    assert window.welcome.isVisible()
    live.live.box.click()
    qtbot.waitUntil(area.pane.isVisible)
    window.tools.show_list()
    qtbot.waitUntil(area.pane.isHidden)


def test_nothing_is_downloaded_to_be_shown(
    qtbot: QtBot, window: MainWindow, area: GeneratingArea, page: Page
) -> None:
    form = page("live")
    form.form.controls["model"].set_value("colors")
    qtbot.waitUntil(lambda: window.workspace.models.status("colors") is not None)
    qtbot.waitUntil(lambda: "Download" in form.live.text.text())
    assert not area.maker.images
    assert window.services.store.locate("colors") is None


def test_only_what_matters_is_seen(live: OperationPage) -> None:
    form = live.form
    assert form.controls["more"].isHidden() or not form.controls["more"].isVisible()
    assert form.fold.isHidden(), "there is nothing to fold away"
    form.controls["mode"].set_value("bright")
    assert form.controls["more"].isVisible()
    assert form.fold.isVisible()
    form.controls["mode"].set_value("plain")
    assert not form.controls["more"].isVisible()


def test_names_have_pictures_by_the_model(
    qtbot: QtBot, window: MainWindow, area: GeneratingArea, live: OperationPage, follow: Follow
) -> None:
    grid = label(live).grid
    assert [grid.item(row).text() for row in range(grid.count())] == ["Any", "Red", "Green"]

    def pictures() -> list[QPixmap]:
        role = Qt.ItemDataRole.DecorationRole
        return [grid.item(row).data(role) for row in (1, 2)]

    qtbot.waitUntil(lambda: all(pictures()), timeout=20_000)
    red, green = (QColor(each.toImage().pixel(5, 5)) for each in pictures())
    assert (red.red(), red.green()) == (64, 0), "made with the values of the sketch"
    assert (green.red(), green.green()) == (0, 64)
    assert len(list((window.services.store.cache_dir / "sketches").iterdir())) == 2
    qtbot.mouseClick(
        grid.viewport(), Qt.MouseButton.LeftButton, pos=grid.visualItemRect(grid.item(2)).center()
    )
    assert live.form.values()["label"] == "green"
    follow()
    assert level(area) == (0, 128, 0)


def test_pictures_of_names_wait_while_somebody_waits(
    qtbot: QtBot, window: MainWindow, live: OperationPage, page: Page
) -> None:
    sketches = window.workspace.sketches
    qtbot.waitUntil(lambda: not sketches.busy, timeout=20_000)
    for path in (window.services.store.cache_dir / "sketches").iterdir():
        path.unlink()
    form = page("make")
    form.form.controls["patient"].set_value(True)
    form.run_button.click()
    page("live")
    assert sketches.busy
    qtbot.waitUntil(lambda: window.runs.job is not None and window.runs.job.fraction > 0.1)
    assert not list((window.services.store.cache_dir / "sketches").iterdir())
    window.bottom.run.stop.click()
    qtbot.waitUntil(lambda: not sketches.busy, timeout=20_000)
    assert len(list((window.services.store.cache_dir / "sketches").iterdir())) == 2


def test_one_that_is_still_being_written_is_under_way(
    qtbot: QtBot,
    window: MainWindow,
    live: OperationPage,
    page: Page,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sketches, go_on, writes = window.workspace.sketches, threading.Event(), list[Path]()
    qtbot.waitUntil(lambda: not sketches.busy, timeout=20_000)
    folder = window.services.store.cache_dir / "sketches"
    for path in folder.iterdir():
        path.unlink()
    keep = SketchBook.keep

    def slow(book: SketchBook, path: Path, result: RunResult) -> None:
        writes.append(path)
        assert go_on.wait(20)
        keep(book, path, result)

    monkeypatch.setattr(SketchBook, "keep", slow)
    page("make")
    page("live")
    qtbot.waitUntil(lambda: bool(writes), timeout=20_000)
    page("make")
    page("live")  # a new form: it asks for the same pictures
    assert sketches.busy
    go_on.set()
    qtbot.waitUntil(lambda: not sketches.busy, timeout=20_000)
    assert len(list(folder.iterdir())) == 2
    assert len(writes) == len(set(writes)) == 2, "none is made twice"


def test_another_model_has_other_names(live: OperationPage) -> None:
    control = label(live)
    control.set_value("red")
    assert live.form.values()["label"] == "red"
    live.form.controls["model"].set_value("grays")
    assert not control.isVisible()
    assert live.form.values()["label"] == "", "a name that this model does not know is none"
    live.form.controls["model"].set_value("colors")
    assert control.isVisible()
    assert live.form.values()["label"] == "red"


def test_where_no_model_comes_along_the_form_says_how_to_get_one(
    qtbot: QtBot, window: MainWindow, page: Page
) -> None:
    control = page("bare").form.controls["model"]
    assert isinstance(control, ModelControl)
    assert "Import a file" in control.state.text()
    assert "Colors of your own" in control.state.text()
    with qtbot.waitSignal(window.workspace.models.train_wanted) as wanted:
        control.train.click()
    assert wanted.args == ["maker.train"]
    window.workspace.models.import_wanted.disconnect()  # a dialog would wait for an answer
    with qtbot.waitSignal(window.workspace.models.import_wanted):
        control.bring.click()
