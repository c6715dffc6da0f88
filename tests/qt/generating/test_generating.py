"""Pictures from nothing: seen while they form, chosen from a grid, kept, enlarged."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from studio.document import composite
from studio.qt.generating.area import GeneratingArea
from studio.qt.generating.grid import LARGEST, best_columns, placed
from studio.qt.main_window import MainWindow
from studio.qt.panels.operation_page import OperationPage

Page = Callable[[str], OperationPage]


def color(image: QImage) -> tuple[int, int, int]:
    found = QColor(image.pixel(QPoint(image.width() // 2, image.height() // 2)))
    return found.red(), found.green(), found.blue()


def run(qtbot: QtBot, window: MainWindow, area: GeneratingArea, page: OperationPage) -> None:
    """Run, and wait until the results can be chosen from."""
    page.run_button.click()
    count = page.form.values()["count"]
    qtbot.waitUntil(lambda: window.runs.result is not None, timeout=20_000)
    qtbot.waitUntil(lambda: area.pane.isVisible() and area.pane.grid.count() == count)
    qtbot.waitUntil(window.actions_by_id["apply"].isEnabled)


def test_a_picture_is_seen_while_it_forms(
    qtbot: QtBot, window: MainWindow, area: GeneratingArea, page: Page
) -> None:
    form = page("make").form
    form.controls["patient"].set_value(True)
    page("make").run_button.click()
    qtbot.waitUntil(lambda: area.pane.isVisible() and area.pane.filled, timeout=20_000)
    assert color(area.pane.grid.image(0)) == (64, 128, 191)
    assert window.welcome.isHidden()
    window.bottom.run.stop.click()
    qtbot.waitUntil(area.pane.isHidden)
    assert window.welcome.isVisible()


def test_one_of_several_is_chosen_in_the_grid(
    qtbot: QtBot, window: MainWindow, area: GeneratingArea, page: Page
) -> None:
    form = page("make")
    form.form.controls["count"].set_value(9)
    run(qtbot, window, area, form)
    assert window.session.document is None, "nothing is opened before it is chosen"
    grid = area.pane.grid
    third = grid.visualItemRect(grid.item(2)).center()
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=third)
    assert window.runs.variation == 2
    assert window.bottom.result.variations.currentIndex() == 2
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert window.runs.variation == 3
    qtbot.waitUntil(window.actions_by_id["apply"].isEnabled)
    window.bottom.result.keep.click()
    document = window.session.document
    assert document is not None
    assert composite(document.picture)[0, 0, 1] == round(0.03 * 255)
    qtbot.waitUntil(area.pane.isHidden)


def test_the_list_below_marks_the_picture_in_the_grid(
    qtbot: QtBot, window: MainWindow, area: GeneratingArea, page: Page
) -> None:
    form = page("make")
    form.form.controls["count"].set_value(3)
    run(qtbot, window, area, form)
    window.bottom.result.variations.activated.emit(1)
    assert area.pane.grid.currentRow() == 1
    window.bottom.result.drop.click()
    qtbot.waitUntil(area.pane.isHidden)
    assert window.session.document is None


def test_a_double_click_keeps_a_picture(
    qtbot: QtBot, window: MainWindow, area: GeneratingArea, page: Page
) -> None:
    form = page("make")
    form.form.controls["count"].set_value(4)
    run(qtbot, window, area, form)
    grid = area.pane.grid
    grid.itemActivated.emit(grid.item(1))
    assert window.session.document is not None
    assert composite(window.session.document.picture)[0, 0, 1] == round(0.01 * 255)


def test_another_seed_each_time_unless_it_is_locked(
    qtbot: QtBot, window: MainWindow, area: GeneratingArea, page: Page
) -> None:
    form = page("make")
    assert form.seed is not None
    form.seed.spin.setValue(1234)
    run(qtbot, window, area, form)
    assert color(area.pane.grid.image(0))[0] == round(0.34 * 255), "what was typed is used first"
    run(qtbot, window, area, form)
    second = form.seed.seed
    assert second != 1234
    form.seed.lock.click()
    run(qtbot, window, area, form)
    assert form.seed.seed == second
    assert window.runs.result is not None
    assert window.runs.result.request.seed == second
    form.seed.dice.click()
    rolled = form.seed.seed
    assert rolled != second
    run(qtbot, window, area, form)
    assert window.runs.result.request.seed == rolled, "what was rolled is used, locked or not"


def test_operations_without_chance_have_no_seed(window: MainWindow) -> None:
    window.tools.choose_id("tiny.invert")
    assert window.tools.page is not None
    assert window.tools.page.seed is None


def test_enlarging_is_one_click_and_one_step(
    qtbot: QtBot, window: MainWindow, area: GeneratingArea, page: Page
) -> None:
    form = page("make")
    run(qtbot, window, area, form)
    assert [each.text() for each in area.pane.buttons] == ["Enlarge"], "of what is not here, none"
    area.pane.buttons[0].click()
    qtbot.waitUntil(lambda: window.session.document is not None)
    document = window.session.document
    assert document is not None
    qtbot.waitUntil(lambda: len(document.history.steps) == 1, timeout=20_000)
    assert (document.picture.width, document.picture.height) == (32, 24)
    assert [step.title for step in document.history.steps] == ["Enlarge"]
    window.actions_by_id.trigger("undo")
    assert (document.picture.width, document.picture.height) == (16, 12)


def test_in_a_picture_only_the_new_layer_is_enlarged(
    qtbot: QtBot, opened: MainWindow, area: GeneratingArea, page: Page
) -> None:
    document = opened.session.document
    assert document is not None
    before = composite(document.picture)
    run(qtbot, opened, area, page("make"))
    area.pane.buttons[0].click()
    qtbot.waitUntil(lambda: len(document.history.steps) == 2, timeout=20_000)
    assert [step.title for step in document.history.steps] == ["Make colors", "Enlarge"]
    assert (document.picture.width, document.picture.height) == (60, 40)
    covered = document.picture.active_layer.raster.read(document.picture.bounds)[..., 3] > 0
    assert covered.sum() == 32 * 24
    opened.actions_by_id.trigger("undo")
    opened.actions_by_id.trigger("undo")
    assert np.array_equal(composite(document.picture), before)


def test_the_pane_shares_the_room_with_the_picture(
    qtbot: QtBot, opened: MainWindow, area: GeneratingArea, page: Page
) -> None:
    run(qtbot, opened, area, page("make"))
    assert opened.canvas.isVisible()
    assert 0.3 < area.pane.width() / (area.pane.width() + opened.canvas.width()) < 0.5
    opened.actions_by_id.trigger("discard")
    qtbot.waitUntil(area.pane.isHidden)


def test_pictures_are_as_large_as_the_room_allows() -> None:
    assert best_columns(9, QSize(600, 600), QSize(64, 64)) == 3
    assert best_columns(9, QSize(200, 1200), QSize(64, 64)) == 1
    assert best_columns(4, QSize(900, 900), QSize(256, 32)) == 1, "strips lie below each other"
    assert best_columns(1, QSize(10, 10), QSize(640, 64)) == 1


def test_small_pictures_are_enlarged_in_whole_steps() -> None:
    room = QSize(500, 300)
    grid = placed(QSize(32, 32), QImage(room, QImage.Format.Format_RGB32).rect())
    assert grid.size() == QSize(9 * 32, 9 * 32)
    tiny = placed(QSize(2, 2), QImage(room, QImage.Format.Format_RGB32).rect())
    assert tiny.width() == 2 * LARGEST
    large = placed(QSize(1000, 300), QImage(room, QImage.Format.Format_RGB32).rect())
    assert large.size() == QSize(500, 150)
