"""Color hints in the window: points on the canvas, their list, and what the picture does."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from safetensors.torch import save_file

from studio.document import Array, composite
from studio.host.hints import Dab
from studio.qt.hints.area import HintsArea
from studio.qt.hints.section import HintSection
from studio.qt.live import Live
from studio.qt.live_area import LiveArea
from studio.qt.main_window import MainWindow
from studio_plugins.colorization.networks import Colorizer

Follow = Callable[[], None]
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
RED, BLUE = (200, 50, 40), (40, 60, 200)


@pytest.fixture
def plugins(plugins: Path) -> Path:
    shutil.copy(Path(__file__).parents[1] / "dropins" / "hinted.py", plugins)
    return plugins


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Gray, with a dark half and a light one."""
    values = np.full((80, 120, 3), 100, np.uint8)
    values[:, 60:] = 160
    path = tmp_path / "gray.png"
    Image.fromarray(values).save(path)
    return path


@pytest.fixture
def live(opened: MainWindow) -> Live:
    (area,) = (area for area in opened.areas if isinstance(area, LiveArea))
    return area.live


@pytest.fixture
def hinted(qtbot: QtBot, opened: MainWindow, live: Live) -> MainWindow:
    """The window with the form of an operation that paints its hints."""
    opened.tools.choose_id("hinted.paint")
    qtbot.waitUntil(lambda: live.shown and live.settled, timeout=30_000)
    return opened


@pytest.fixture
def follow(qtbot: QtBot, live: Live) -> Follow:
    def wait() -> None:
        qtbot.waitUntil(lambda: live.shown and live.settled, timeout=30_000)

    return wait


def section(window: MainWindow) -> HintSection:
    (area,) = (area for area in window.areas if isinstance(area, HintsArea))
    page = window.tools.page
    assert page is not None
    return area.sections[page.operation.id]


def at(window: MainWindow, x: float, y: float) -> QPoint:
    """Where a place of the picture is on the canvas."""
    point = window.canvas.image_to_view(x, y) / window.canvas.ratio
    return point.toPoint()


def click(qtbot: QtBot, window: MainWindow, x: float, y: float, color: object = None) -> None:
    if color is not None:
        window.toolbox.colors.foreground = color  # type: ignore[assignment]  # a triple
    qtbot.mouseClick(window.canvas, LEFT, NONE, at(window, x, y))


def seen(window: MainWindow, x: int, y: int) -> list[int]:
    """The preview's color at a place of the picture."""
    overlay, document = window.canvas.overlay, window.session.document
    assert overlay is not None
    assert document is not None
    pixels: Array = composite(overlay.after)
    row = y * pixels.shape[0] // document.picture.height
    column = x * pixels.shape[1] // document.picture.width
    found: list[int] = pixels[row, column, :3].tolist()
    return found


def dabs(window: MainWindow) -> tuple[Dab, ...]:
    return window.workspace.hints.dabs


def test_the_form_brings_its_tool_and_takes_it_along(opened: MainWindow, qtbot: QtBot) -> None:
    opened.toolbox.choose("brush")
    opened.tools.choose_id("hinted.paint")
    assert opened.toolbox.current.id == "hints"
    opened.toolbox.choose("hand")
    assert opened.tools.page is not None, "looking around does not close the form"
    opened.toolbox.choose("hints")
    opened.tools.show_list()
    assert opened.toolbox.current.id == "brush"
    opened.tools.choose_id("tiny.invert")
    assert opened.toolbox.current.id == "brush"
    opened.tools.choose_id("hinted.paint")
    opened.tools.choose_id("adjustments.invert")
    page = opened.tools.page
    assert page is not None
    assert page.operation.id == "adjustments.invert"
    assert opened.toolbox.current.id == "hand"


def test_the_tool_brings_a_form(opened: MainWindow) -> None:
    opened.toolbox.choose("hints")
    page = opened.tools.page
    assert page is not None
    assert page.operation.hints == "colors"
    opened.tools.show_list()
    assert opened.toolbox.current.id == "hand"


def test_a_click_adds_a_hint_and_the_result_follows(
    qtbot: QtBot, hinted: MainWindow, follow: Follow
) -> None:
    assert seen(hinted, 30, 40) == [100, 100, 100]
    click(qtbot, hinted, 30, 40, RED)
    assert [(round(d.x), round(d.y), d.color) for d in dabs(hinted)] == [(30, 40, "#c83228")]
    follow()
    assert seen(hinted, 30, 40) == list(RED)
    click(qtbot, hinted, 90, 20, BLUE)
    follow()
    assert seen(hinted, 90, 20) == list(BLUE)
    assert seen(hinted, 30, 40) == list(RED)
    assert not hinted.session.modified


def test_a_drag_moves_it(qtbot: QtBot, hinted: MainWindow, follow: Follow) -> None:
    click(qtbot, hinted, 30, 40, RED)
    follow()
    hinted.toolbox.colors.foreground = BLUE
    canvas = hinted.canvas
    qtbot.mousePress(canvas, LEFT, NONE, at(hinted, 30, 40))
    qtbot.mouseMove(canvas, at(hinted, 60, 50))
    qtbot.mouseMove(canvas, at(hinted, 80, 60))
    qtbot.mouseRelease(canvas, LEFT, NONE, at(hinted, 80, 60))
    (dab,) = dabs(hinted)
    assert (round(dab.x), round(dab.y), dab.color) == (80, 60, "#c83228")
    follow()
    assert seen(hinted, 80, 60) == list(RED)
    assert seen(hinted, 30, 40) == [100, 100, 100]


def test_a_double_click_recolors_and_delete_removes(
    qtbot: QtBot, hinted: MainWindow, follow: Follow
) -> None:
    click(qtbot, hinted, 30, 40, RED)
    hinted.toolbox.colors.foreground = BLUE
    place = at(hinted, 30, 40)
    qtbot.mouseClick(hinted.canvas, LEFT, NONE, place)
    qtbot.mouseDClick(hinted.canvas, LEFT, NONE, place)
    assert [d.color for d in dabs(hinted)] == ["#283cc8"]
    follow()
    assert seen(hinted, 30, 40) == list(BLUE)
    qtbot.keyClick(hinted.canvas, Qt.Key.Key_Right)
    assert round(dabs(hinted)[0].x) == 31
    qtbot.keyClick(hinted.canvas, Qt.Key.Key_Delete)
    assert dabs(hinted) == ()
    follow()
    assert seen(hinted, 30, 40) == [100, 100, 100]


def test_alt_click_removes_and_adds_nothing(qtbot: QtBot, hinted: MainWindow) -> None:
    click(qtbot, hinted, 30, 40, RED)
    alt = Qt.KeyboardModifier.AltModifier
    qtbot.mouseClick(hinted.canvas, LEFT, alt, at(hinted, 90, 40))
    assert len(dabs(hinted)) == 1
    qtbot.mouseClick(hinted.canvas, LEFT, alt, at(hinted, 30, 40))
    assert dabs(hinted) == ()


def test_the_list_shows_recolors_and_removes(
    qtbot: QtBot, hinted: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    click(qtbot, hinted, 30, 40, RED)
    click(qtbot, hinted, 90, 20, BLUE)
    listed = section(hinted)
    assert [row.swatch.color for row in listed.rows] == [RED, BLUE]
    assert [row.swatch.isChecked() for row in listed.rows] == [False, True]
    asked: list[str] = []

    def ask(start: str, _parent: QWidget) -> str:
        asked.append(start)
        return "#00ff00"

    monkeypatch.setattr(listed, "_ask", ask)
    listed.rows[0].swatch.click()
    assert asked == ["#c83228"]
    assert [d.color for d in dabs(hinted)] == ["#00ff00", "#283cc8"]
    listed.rows[0].delete.click()
    assert [d.color for d in dabs(hinted)] == ["#283cc8"]
    assert [row.swatch.color for row in listed.rows] == [BLUE]
    click(qtbot, hinted, 30, 40, RED)
    listed.clear.click()
    assert dabs(hinted) == ()
    assert listed.rows == []


def test_applied_hints_are_in_the_record_and_come_back_with_undo(
    qtbot: QtBot, hinted: MainWindow, follow: Follow
) -> None:
    click(qtbot, hinted, 30, 40, RED)
    follow()
    before = dabs(hinted)
    hinted.tools.request_run()
    document = hinted.session.document
    assert document is not None
    qtbot.waitUntil(lambda: len(document.history.steps) == 1, timeout=30_000)
    qtbot.waitUntil(lambda: hinted.tools.page is None)
    assert composite(document.picture)[40, 30, :3].tolist() == list(RED)
    record = document.history.steps[0].record
    assert record is not None
    assert len(record["hints"]) == 1
    assert dabs(hinted) == ()
    document.undo()
    hinted.tools.choose_id("hinted.paint")
    assert dabs(hinted) == before
    follow()
    assert seen(hinted, 30, 40) == list(RED)


def test_each_document_has_its_own(qtbot: QtBot, hinted: MainWindow, tmp_path: Path) -> None:
    click(qtbot, hinted, 30, 40, RED)
    first = hinted.session.document
    other = tmp_path / "other.png"
    Image.fromarray(np.full((50, 50, 3), 80, np.uint8)).save(other)
    hinted.open(other)
    qtbot.waitUntil(lambda: hinted.session.document is not first)
    assert dabs(hinted) == ()
    assert first is not None
    hinted.session.switch(first)
    assert len(dabs(hinted)) == 1


def test_points_are_drawn_over_the_picture(qtbot: QtBot, hinted: MainWindow) -> None:
    place = at(hinted, 30, 20)
    click(qtbot, hinted, 30, 20, RED)
    image = hinted.canvas.grab().toImage()
    ratio = hinted.canvas.ratio
    shown = image.pixelColor(round(place.x() * ratio), round(place.y() * ratio))
    assert (shown.red(), shown.green(), shown.blue()) == RED
    edge = image.pixelColor(round((place.x() + 7) * ratio), round(place.y() * ratio))
    assert min(edge.red(), edge.green(), edge.blue()) > 200


# With a network


@pytest.fixture
def coloring(qtbot: QtBot, opened: MainWindow, live: Live, tmp_path: Path) -> MainWindow:
    """The window with the form of Colorize and a small network that people brought along."""
    torch.manual_seed(3)
    network = Colorizer(width=4)
    torch.nn.init.normal_(network.last.weight, std=0.5)
    path = tmp_path / "colors.safetensors"
    save_file(network.state_dict(), path)
    card = opened.services.store.import_file(path, opened.services.registry.loaders())
    opened.workspace.models.refresh()
    opened.tools.choose_id("colorization.colorize")
    page = opened.tools.page
    assert page is not None
    page.form.controls["model"].set_value(card.id)
    qtbot.waitUntil(lambda: live.shown and live.settled, timeout=60_000)
    return opened


def redness(window: MainWindow, x: int, y: int) -> int:
    red, green, blue = seen(window, x, y)
    return 2 * red - green - blue


def test_a_network_follows_hints_that_are_placed_moved_and_deleted(
    qtbot: QtBot, coloring: MainWindow, follow: Follow
) -> None:
    left, right = redness(coloring, 30, 40), redness(coloring, 90, 40)
    click(qtbot, coloring, 30, 40, RED)
    follow()
    placed = redness(coloring, 30, 40), redness(coloring, 34, 46), redness(coloring, 90, 40)
    assert placed[0] > left + 60
    assert placed[1] > left + 40, "what is around it, too"
    qtbot.mousePress(coloring.canvas, LEFT, NONE, at(coloring, 30, 40))
    qtbot.mouseMove(coloring.canvas, at(coloring, 90, 40))
    qtbot.mouseRelease(coloring.canvas, LEFT, NONE, at(coloring, 90, 40))
    follow()
    assert redness(coloring, 90, 40) > right + 60
    assert redness(coloring, 30, 40) < placed[0] - 40
    coloring.canvas.setFocus()
    qtbot.keyClick(coloring.canvas, Qt.Key.Key_Delete)
    follow()
    assert redness(coloring, 30, 40) == left
    assert redness(coloring, 90, 40) == right


def test_several_colorings_are_offered_to_choose_from(
    qtbot: QtBot, coloring: MainWindow, follow: Follow
) -> None:
    page = coloring.tools.page
    assert page is not None
    page.form.controls["variations"].set_value(3)
    follow()
    coloring.tools.request_run()
    qtbot.waitUntil(lambda: coloring.runs.result is not None, timeout=60_000)
    result, document = coloring.runs.result, coloring.session.document
    assert result is not None
    assert document is not None
    assert result.variations == 3
    coloring.runs.choose(1)
    qtbot.waitUntil(lambda: coloring.canvas.overlay is not None)
    coloring.runs.apply()
    qtbot.waitUntil(lambda: len(document.history.steps) == 1)
    assert np.array_equal(composite(document.picture), composite(result.after(1)))
