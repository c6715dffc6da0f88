"""A live operation that follows drawing: beside the canvas, stroke by stroke, and kept as layers."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSplitter
from pytestqt.qtbot import QtBot

from studio.document import Array, Document, Layer, Picture, Raster, composite
from studio.document.edits import select
from studio.document.layer_edits import add_node
from studio.qt.canvas.rendering import Colors
from studio.qt.live import Live
from studio.qt.live_area import LiveArea
from studio.qt.main_window import MainWindow
from studio.qt.panels.live_pane import LivePane
from studio.qt.session import Source
from studio.qt.theme import Theme

DROPINS = Path(__file__).parents[1] / "dropins"
PAPER, RED = (255, 230, 128), (204, 0, 0)
WIDTH, HEIGHT = 160, 120


@pytest.fixture
def plugins(plugins: Path) -> Path:
    shutil.copytree(DROPINS / "looks", plugins / "looks")
    (plugins / "looks" / "pictures").mkdir()
    return plugins


class Hand:
    """A window with a white picture, a transparent layer over it, and a brush."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self.qtbot, self.window = qtbot, window
        (area,) = (area for area in window.areas if isinstance(area, LiveArea))
        self.live: Live = area.live
        self.pane: LivePane = area.pane
        picture = Picture.from_pixels(np.full((HEIGHT, WIDTH, 4), 255, np.uint8))
        picture = add_node(Layer("Lines", Raster(np.dtype(np.uint8))))(picture)
        window.session.show(picture, Source(), 64, saved=True)
        window.canvas.actual_size()

    @property
    def document(self) -> Document:
        document = self.window.session.document
        assert document is not None
        return document

    def draw_with(self, tool: str = "brush") -> None:
        self.window.toolbox.choose(tool)
        values = self.window.toolbox.current.values  # type: ignore[attr-defined]  # of a brush
        values.set("size", 6.0)
        values.set("smoothing", 0.0)

    def open_form(self) -> None:
        self.window.tools.choose_id("looks.ink")
        self.settle()

    def settle(self) -> None:
        self.qtbot.waitUntil(
            lambda: self.live.settled and (self.live.shown or not self.live.beside), timeout=20_000
        )

    def press(self, x: float, y: float) -> None:
        canvas = self.window.canvas
        point = canvas.from_image(QPointF(x, y)).toPoint()
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=point)

    def move(self, x: float, y: float) -> None:
        canvas = self.window.canvas
        QTest.mouseMove(canvas, canvas.from_image(QPointF(x, y)).toPoint())

    def release(self, x: float, y: float) -> None:
        canvas = self.window.canvas
        point = canvas.from_image(QPointF(x, y)).toPoint()
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=point)

    def stroke(self, *points: tuple[float, float]) -> None:
        self.press(*points[0])
        for point in points[1:]:
            self.move(*point)
        self.release(*points[-1])

    def shown(self, x: int, y: int) -> tuple[int, int, int]:
        """A color of the picture beside the canvas."""
        image = self.pane.view.image
        assert (image.width(), image.height()) == (WIDTH, HEIGHT)
        color = QColor(image.pixelColor(x, y))
        return color.red(), color.green(), color.blue()

    def drawn(self) -> Array:
        return self.document.picture.active_layer.raster.read(self.document.picture.bounds)


@pytest.fixture
def hand(qtbot: QtBot, window: MainWindow) -> Hand:
    made = Hand(qtbot, window)
    made.draw_with()
    return made


def test_the_result_stands_beside_the_canvas_and_the_drawing_stays_seen(hand: Hand) -> None:
    assert not hand.pane.isVisible()
    hand.open_form()
    assert hand.pane.isVisible()
    assert hand.window.canvas.overlay is None
    assert hand.shown(80, 60) == PAPER
    assert hand.window.toolbox.current.id == "brush"
    assert hand.window.services.jobs.jobs == ()


def test_it_follows_while_the_button_is_still_held(qtbot: QtBot, hand: Hand) -> None:
    hand.open_form()
    hand.press(20, 30)
    for x in range(25, 90, 5):
        hand.move(x, 30)
    qtbot.waitUntil(lambda: hand.shown(60, 30) == RED)
    assert hand.document.transaction is not None, "the stroke goes on"
    assert hand.shown(60, 90) == PAPER
    for y in range(35, 100, 5):
        hand.move(90, y)
    qtbot.waitUntil(lambda: hand.shown(90, 80) == RED)
    assert hand.document.transaction is not None
    hand.release(90, 95)
    hand.settle()
    assert hand.shown(90, 94) == RED
    assert [step.title for step in hand.document.history.steps] == ["Brush"]
    assert hand.drawn()[30, 60].tolist() == [0, 0, 0, 255]
    assert hand.window.tools.page is not None, "the form stays open"


def test_a_tool_taken_up_later_draws_too_and_undo_is_followed(qtbot: QtBot, hand: Hand) -> None:
    hand.open_form()
    hand.stroke((20, 30), (60, 30))
    hand.settle()
    hand.draw_with("eraser")
    assert hand.window.tools.page is not None
    hand.stroke((40, 20), (40, 40))
    hand.settle()
    # Ink runs four pixels; what the eraser took is six wide, so it is wet again from both sides.
    assert hand.shown(30, 30) == RED
    assert (hand.drawn()[30, 40] == 0).all()
    hand.document.undo()
    hand.document.undo()
    hand.settle()
    assert hand.shown(30, 30) == PAPER


def test_values_are_followed_and_kept_for_the_next_time(hand: Hand) -> None:
    hand.open_form()
    hand.stroke((40, 60), (100, 60))
    hand.settle()
    assert hand.shown(70, 80) == PAPER
    page = hand.window.tools.page
    assert page is not None
    page.form.controls["reach"].set_value(30)
    hand.settle()
    assert hand.shown(70, 80) == RED
    hand.window.tools.remember_all()
    assert hand.window.services.settings.parameters["looks.ink"] == {"reach": 30}


def test_as_a_layer_it_lies_beneath_the_lines_and_one_goes_on(qtbot: QtBot, hand: Hand) -> None:
    hand.open_form()
    hand.stroke((40, 60), (100, 60))
    hand.settle()
    lines = hand.document.picture.active
    hand.pane.keep_button.click()
    qtbot.waitUntil(lambda: len(hand.document.picture.layers) == 3, timeout=20_000)
    hand.settle()
    names = [layer.name for layer in hand.document.picture.layers]
    assert names[1:] == ["Ink", "Lines"]
    assert hand.document.picture.active == lines
    assert [step.title for step in hand.document.history.steps] == ["Brush", "Ink"]
    assert hand.document.history.steps[-1].record is not None
    seen = composite(hand.document.picture)
    assert seen[60, 70].tolist() == [0, 0, 0, 255], "the lines are on top"
    assert seen[20, 20].tolist() == [*PAPER, 255]
    assert hand.pane.isVisible()
    hand.stroke((40, 90), (100, 90))
    hand.settle()
    assert hand.shown(70, 90) == RED
    assert hand.drawn()[90, 70].tolist() == [0, 0, 0, 255]
    hand.document.undo()
    hand.document.undo()
    assert [layer.name for layer in hand.document.picture.layers][1:] == ["Lines"]


def test_over_an_opaque_drawing_the_layer_goes_above(qtbot: QtBot, hand: Hand) -> None:
    page = hand.document.picture.layers[0].id
    hand.document.view_change(lambda picture: picture.replaced(active=page))
    hand.open_form()
    hand.stroke((40, 60), (100, 60))
    hand.settle()
    assert hand.shown(70, 60) == RED
    hand.pane.keep_button.click()
    qtbot.waitUntil(lambda: len(hand.document.picture.layers) == 3, timeout=20_000)
    assert [layer.name for layer in hand.document.picture.layers][1:] == ["Ink", "Lines"]
    assert hand.document.picture.active == page


def test_apply_is_one_step_and_closes(qtbot: QtBot, hand: Hand) -> None:
    hand.open_form()
    hand.stroke((40, 60), (100, 60))
    page = hand.window.tools.page
    assert page is not None
    page.run_button.click()
    qtbot.waitUntil(lambda: len(hand.document.history.steps) == 2, timeout=20_000)
    qtbot.waitUntil(lambda: not hand.pane.isVisible())
    assert hand.window.tools.page is None
    assert [layer.name for layer in hand.document.picture.layers][1:] == ["Lines", "Ink"]
    assert composite(hand.document.picture)[60, 70].tolist() == [*RED, 255]
    hand.document.undo()
    assert len(hand.document.picture.layers) == 2


def test_switched_off_or_closed_there_is_no_pane(qtbot: QtBot, hand: Hand) -> None:
    hand.open_form()
    page = hand.window.tools.page
    assert page is not None
    page.live.box.setChecked(False)
    qtbot.waitUntil(lambda: not hand.pane.isVisible())
    page.live.box.setChecked(True)
    hand.settle()
    assert hand.pane.isVisible()
    hand.window.tools.show_list()
    qtbot.waitUntil(lambda: not hand.pane.isVisible())
    hand.stroke((20, 30), (60, 30))
    assert not hand.pane.filled


def test_keys_on_the_canvas_belong_to_the_tools(qtbot: QtBot, hand: Hand) -> None:
    hand.open_form()
    hand.window.activateWindow()
    hand.window.canvas.setFocus()
    qtbot.waitUntil(hand.window.canvas.hasFocus)
    QTest.keyClick(hand.window.canvas, Qt.Key.Key_Escape)
    QTest.keyClick(hand.window.canvas, Qt.Key.Key_Return)
    hand.settle()
    assert hand.window.tools.page is not None
    assert hand.document.history.steps == ()


def test_nothing_piles_up(qtbot: QtBot, hand: Hand) -> None:
    """Each run is on the newest state: many changes cost few runs."""
    hand.open_form()
    runs: list[int] = []
    hand.window.bridge.job_changed.connect(
        lambda job: runs.append(job.id) if job.state.finished else None
    )
    hand.press(10, 10)
    for step in range(120):
        hand.move(10 + step, 10 + step % 7)
        qtbot.wait(2)
    hand.release(130, 10)
    hand.settle()
    assert 1 <= len(set(runs)) < 110
    assert hand.shown(125, 13) == RED


def test_a_selection_bounds_it(hand: Hand) -> None:
    mask = np.zeros((HEIGHT, WIDTH, 1), np.uint8)
    mask[:, :80] = 255
    hand.document.apply("Select", select(Raster.from_array(mask)))
    hand.open_form()
    image = hand.pane.view.image
    assert image.pixelColor(20, 20).alpha() == 255
    assert image.pixelColor(120, 20).alpha() == 0


def test_it_takes_its_share_of_the_room_in_both_themes(
    qtbot: QtBot, hand: Hand, theme: Theme
) -> None:
    hand.open_form()
    splitter = hand.pane.parentWidget()
    assert isinstance(splitter, QSplitter)
    canvas, pane, *_ = splitter.sizes()
    assert 0.5 < canvas / (canvas + pane) < 0.7
    for name in ("light", "dark"):
        theme.choose(name)
        qtbot.wait(20)
        image = hand.pane.view.grab().toImage()
        corner, middle = image.pixelColor(1, 1), image.pixelColor(image.rect().center())
        assert corner == Colors.of(hand.window.canvas.palette()).background
        assert middle.getRgb()[:3] == PAPER
