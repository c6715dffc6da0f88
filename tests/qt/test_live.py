"""The live preview: it follows the form, leaves no trace, and is applied as one step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from studio.api.errors import UserError
from studio.document import Array, Picture, Raster, composite
from studio.document.edits import select
from studio.document.layer_edits import change_node
from studio.qt import i18n
from studio.qt.live import Live
from studio.qt.live_area import LiveArea
from studio.qt.main_window import MainWindow
from studio.qt.panels.operation_page import OperationPage
from studio.qt.session import Source
from studio_plugins.adjustments import light_engine

Follow = Callable[[], None]


def pixels(window: MainWindow) -> Array:
    document = window.session.document
    assert document is not None
    return composite(document.picture)


def seen(window: MainWindow) -> Array:
    """The pixels of the preview."""
    overlay = window.canvas.overlay
    assert overlay is not None
    return composite(overlay.after)


def page_of(window: MainWindow, name: str) -> OperationPage:
    window.tools.choose_id(f"adjustments.{name}")
    page = window.tools.page
    assert page is not None
    return page


@pytest.fixture
def live(opened: MainWindow) -> Live:
    (area,) = (area for area in opened.areas if isinstance(area, LiveArea))
    return area.live


@pytest.fixture
def follow(qtbot: QtBot, live: Live) -> Follow:
    """Wait until the canvas shows what the form says."""

    def wait() -> None:
        qtbot.waitUntil(lambda: live.shown and live.settled, timeout=30_000)

    return wait


def test_it_shows_as_soon_as_the_form_is_open(opened: MainWindow, follow: Follow) -> None:
    before = pixels(opened)
    page_of(opened, "invert")
    follow()
    assert np.array_equal(seen(opened)[..., :3], 255 - before[..., :3])
    overlay = opened.canvas.overlay
    assert overlay is not None
    assert not overlay.divided
    assert np.array_equal(pixels(opened), before)
    assert not opened.session.modified
    assert opened.services.jobs.jobs == (), "previews are not listed"


def test_what_is_wrong_is_said_in_the_language_of_the_window(
    qtbot: QtBot, opened: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(pixels: object, _mask: object, _parameters: object, _context: object) -> object:
        assert pixels is not None
        raise UserError("No style is chosen.", "Choose a picture whose style is to be taken.")

    monkeypatch.setattr(light_engine, "invert", refuse)
    i18n.set_language("de")
    try:
        page = page_of(opened, "invert")
        qtbot.waitUntil(lambda: "gewählt" in page.live.text.text(), timeout=20_000)
    finally:
        i18n.set_language("en")
    assert "Choose" not in page.live.text.text()


def test_it_follows_a_slider_to_where_it_ends(opened: MainWindow, follow: Follow) -> None:
    page = page_of(opened, "brightness-contrast")
    follow()
    for value in range(0, 101, 5):
        page.form.controls["brightness"].set_value(value)
    follow()
    last = seen(opened).astype(int)
    before = pixels(opened).astype(int)
    expected = before[..., :3] + (255 - before[..., :3]) * 0.5
    assert np.abs(last[..., :3] - expected).max() <= 1


def test_escape_leaves_and_the_picture_is_as_it_was(
    qtbot: QtBot, opened: MainWindow, follow: Follow
) -> None:
    before = pixels(opened)
    page_of(opened, "invert")
    follow()
    opened.activateWindow()
    opened.canvas.setFocus()
    qtbot.waitUntil(opened.canvas.hasFocus)
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Escape)
    assert opened.tools.page is None
    qtbot.waitUntil(lambda: opened.canvas.overlay is None)
    assert np.array_equal(pixels(opened), before)
    assert not opened.session.modified


def test_who_takes_up_a_brush_can_go_on_with_keys(opened: MainWindow, follow: Follow) -> None:
    page = page_of(opened, "curves")
    follow()
    page.run_button.setFocus()
    opened.toolbox.choose("brush")
    assert opened.tools.page is None
    assert opened.focusWidget() is opened.canvas


def test_another_operation_takes_the_preview_away(
    qtbot: QtBot, opened: MainWindow, follow: Follow
) -> None:
    page_of(opened, "invert")
    follow()
    opened.tools.choose_id("tiny.invert")
    qtbot.waitUntil(lambda: opened.canvas.overlay is None)


def test_apply_is_one_step_on_the_whole_picture(
    qtbot: QtBot, opened: MainWindow, follow: Follow
) -> None:
    before = pixels(opened)
    page = page_of(opened, "curves")
    page.form.set_values({"rgb": ((0, 1), (1, 0))})
    opened.canvas.zoom_to(16)
    follow()
    page.run_button.click()
    document = opened.session.document
    assert document is not None
    qtbot.waitUntil(lambda: len(document.history.steps) == 1, timeout=30_000)
    qtbot.waitUntil(lambda: opened.canvas.overlay is None)
    assert np.array_equal(pixels(opened)[..., :3], 255 - before[..., :3])
    record = document.history.steps[0].record
    assert record is not None
    assert record["operation"] == "adjustments.curves"
    assert opened.tools.page is None
    assert opened.focusWidget() is opened.canvas
    assert opened.runs.result is None
    document.undo()
    assert np.array_equal(pixels(opened), before)
    assert page.form.values() == {name: spec.default for name, spec in specs(page)}
    row = page.presets.findText("Last used")
    page.presets.activated.emit(row)
    assert page.form.values()["rgb"] == ((0, 1), (1, 0))


def specs(page: OperationPage) -> list[tuple[str, object]]:
    return [(spec.name, spec) for spec in page.form.specs]


def test_what_is_applied_goes_to_the_picture_it_was_applied_on(
    qtbot: QtBot, opened: MainWindow, follow: Follow
) -> None:
    """Whichever document has come to the front by the time it is done."""
    first = opened.session.document
    assert first is not None
    size = first.picture.height, first.picture.width
    page = page_of(opened, "invert")
    follow()
    page.run_button.click()
    other = Picture.from_pixels(np.full((*size, 4), 90, np.uint8))
    opened.session.show(other, Source(), 256, saved=True)
    second = opened.session.document
    assert second is not None
    assert second is not first
    qtbot.waitUntil(lambda: len(first.history.steps) == 1, timeout=30_000)
    qtbot.waitUntil(lambda: opened.tools.page is None, timeout=30_000)
    assert second.picture is other
    assert opened.canvas.overlay is None


def test_enter_on_the_canvas_applies(qtbot: QtBot, opened: MainWindow, follow: Follow) -> None:
    page_of(opened, "invert")
    follow()
    opened.activateWindow()
    opened.canvas.setFocus()
    qtbot.waitUntil(opened.canvas.hasFocus)
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Return)
    document = opened.session.document
    assert document is not None
    qtbot.waitUntil(lambda: len(document.history.steps) == 1, timeout=30_000)


def test_only_what_is_selected_is_shown_changed(opened: MainWindow, follow: Follow) -> None:
    before = pixels(opened)
    document = opened.session.document
    assert document is not None
    mask = np.zeros((40, 60, 1), np.uint8)
    mask[10:20, 10:30] = 255
    document.apply("Select", select(Raster.from_array(mask)))
    page_of(opened, "invert")
    follow()
    changed = (seen(opened) != before).any(axis=2)
    assert changed[mask[..., 0] > 0].any()
    assert not changed[mask[..., 0] == 0].any()


def test_close_up_it_shows_the_part_in_view_at_full_quality(
    opened: MainWindow, follow: Follow
) -> None:
    before = pixels(opened)
    opened.canvas.zoom_to(64)
    page_of(opened, "invert")
    follow()
    overlay = opened.canvas.overlay
    assert overlay is not None
    area = opened.canvas.visible_region()
    assert overlay.area == area
    assert area.width < 60
    part = before[area.y : area.bottom, area.x : area.right, :3]
    assert np.array_equal(seen(opened)[..., :3], 255 - part)


def test_from_afar_it_runs_on_a_reduced_picture(opened: MainWindow, follow: Follow) -> None:
    opened.canvas.zoom_to(0.5)
    page_of(opened, "invert")
    follow()
    overlay = opened.canvas.overlay
    assert overlay is not None
    assert (overlay.after.width, overlay.after.height) == (30, 20)
    assert overlay.area == (0, 0, 60, 40)


def test_moving_the_view_brings_the_rest(qtbot: QtBot, opened: MainWindow, follow: Follow) -> None:
    opened.canvas.zoom_to(64)
    page_of(opened, "invert")
    follow()
    opened.canvas.fit()
    qtbot.waitUntil(
        lambda: opened.canvas.overlay is not None and opened.canvas.overlay.area == (0, 0, 60, 40),
        timeout=30_000,
    )


def test_what_needs_the_whole_picture_is_shown_on_all_of_it(
    opened: MainWindow, follow: Follow
) -> None:
    opened.canvas.zoom_to(64)
    page_of(opened, "auto-levels")
    follow()
    overlay = opened.canvas.overlay
    assert overlay is not None
    assert overlay.area == (0, 0, 60, 40)


def test_it_can_be_switched_off_and_the_original_can_be_seen(
    qtbot: QtBot, opened: MainWindow, follow: Follow
) -> None:
    page = page_of(opened, "invert")
    follow()
    assert opened.canvas.shown_whole() is not None
    page.live.original.pressed.emit()
    assert opened.canvas.showing_before
    assert opened.canvas.shown_whole() is None
    page.live.original.released.emit()
    assert not opened.canvas.showing_before
    page.live.box.setChecked(False)
    qtbot.waitUntil(lambda: opened.canvas.overlay is None)
    page.live.box.setChecked(True)
    follow()


def test_undo_under_it_is_followed(qtbot: QtBot, opened: MainWindow, follow: Follow) -> None:
    document = opened.session.document
    assert document is not None
    before = pixels(opened)
    page_of(opened, "invert")
    follow()
    opened.tools.request_run()
    qtbot.waitUntil(lambda: len(document.history.steps) == 1, timeout=30_000)
    page_of(opened, "invert")
    follow()
    assert np.array_equal(seen(opened), before)
    document.undo()
    qtbot.waitUntil(
        lambda: np.array_equal(seen(opened)[..., :3], 255 - before[..., :3]), timeout=30_000
    )


def test_a_locked_layer_is_said_to_be_locked(qtbot: QtBot, opened: MainWindow, live: Live) -> None:
    document = opened.session.document
    assert document is not None
    document.apply("Lock", change_node(document.picture.active, locked=True))
    page = page_of(opened, "invert")
    qtbot.waitUntil(lambda: "locked" in page.live.text.text(), timeout=30_000)
    assert opened.canvas.overlay is None


def test_curves_get_the_histogram_of_the_layer(qtbot: QtBot, opened: MainWindow) -> None:
    page = page_of(opened, "levels")
    control = page.form.controls["rgb"]
    qtbot.waitUntil(control.auto.isEnabled, timeout=30_000)  # type: ignore[attr-defined]  # of levels
    control.auto.click()  # type: ignore[attr-defined]  # as above
    assert control.value().white < 1


def test_a_result_that_waits_is_not_covered(
    qtbot: QtBot,
    opened: MainWindow,
    run_to_result: Callable[[MainWindow, str], None],
    follow: Follow,
) -> None:
    run_to_result(opened, "tiny.invert")
    result = opened.canvas.overlay
    page_of(opened, "invert")
    qtbot.wait(1)
    assert opened.canvas.overlay is result
    opened.runs.discard()
    follow()
