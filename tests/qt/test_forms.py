"""Forms made from declarations: values, presets, reset, memory, errors, models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.host.services import Services, build_services
from studio.qt.forms import Form
from studio.qt.forms.controls import ChoiceControl, NumberControl, TextControl
from studio.qt.main_window import MainWindow
from studio.qt.panels.operation_page import OperationPage
from studio.qt.theme import Theme

Run = Callable[[MainWindow, str], None]


def page_of(window: MainWindow, operation: str) -> OperationPage:
    """The page of an operation, shown."""
    window.tools.choose_id(operation)
    page = window.tools.page
    assert page is not None
    return page


@pytest.fixture
def everything(window: MainWindow) -> Form:
    """A form with one control of every kind."""
    return page_of(window, "tiny.many").form


def test_the_form_starts_with_the_declared_defaults(everything: Form) -> None:
    assert everything.values() == {
        "scale": 2.0,
        "steps": 20,
        "kind": "soft",
        "words": "",
        "tidy": True,
        "reference": None,
        "model": None,
        "overlap": 32,
    }
    assert everything.valid
    assert everything.advanced.isHidden()


def test_values_survive_a_round_trip(everything: Form) -> None:
    values = {
        "scale": 3.25,
        "steps": 7,
        "kind": "hard",
        "words": "a b",
        "tidy": False,
        "reference": "/tmp/x.png",  # noqa: S108 - never opened
        "model": None,
        "overlap": 0,
    }
    everything.set_values(values)
    assert everything.values() == values
    everything.reset()
    assert everything.values()["scale"] == 2.0


def test_values_that_do_not_fit_any_more_are_left_out(everything: Form) -> None:
    everything.set_values({"gone": 1, "steps": "many", "tidy": 1, "scale": 99.0, "kind": "odd"})
    assert everything.values()["steps"] == 20
    assert everything.values()["tidy"] is True
    assert everything.values()["scale"] == 8.0
    assert everything.values()["kind"] == "soft"


def test_slider_and_spin_box_agree(everything: Form) -> None:
    control = everything.controls["scale"]
    assert isinstance(control, NumberControl)
    control.slider.setValue(control.slider.maximum())
    assert control.value() == 8.0
    control.spin.setValue(1)  # type: ignore[arg-type]  # both kinds take an int
    assert control.slider.value() == 0
    assert control.spin.suffix() == " x"


def test_a_wheel_that_passes_by_changes_nothing(everything: Form) -> None:
    control = everything.controls["steps"]
    assert isinstance(control, NumberControl)
    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    control.spin.clearFocus()
    QApplication.sendEvent(control.spin, event)
    assert control.value() == 20


def test_an_error_shows_beside_its_control_and_stops_the_run(opened: MainWindow) -> None:
    page = page_of(opened, "tiny.many")
    control = page.form.controls["words"]
    assert isinstance(control, TextControl)
    control.set_value("far too long")
    assert set(page.form.problems()) == {"words"}
    assert control.entry.property("invalid")
    assert not page.run_button.isEnabled()
    opened.tools.request_run()
    assert opened.services.jobs.jobs == ()
    control.set_value("fine")
    assert page.run_button.isEnabled()


def test_presets_and_reset(window: MainWindow) -> None:
    page = page_of(window, "tiny.invert")
    assert [page.presets.itemText(i) for i in range(page.presets.count())] == [
        "Custom",
        "Defaults",
        "Half",
    ]
    page.presets.activated.emit(2)
    assert page.form.values() == {"strength": 0.5}
    assert page.presets.currentText() == "Half"
    page.form.set_values({"strength": 0.7})
    assert page.presets.currentText() == "Custom"
    page.reset_button.click()
    assert page.form.values() == {"strength": 1.0}
    assert page.presets.currentText() == "Defaults"


def test_values_are_remembered_for_the_next_start(
    qtbot: QtBot, opened: MainWindow, run_to_result: Run, tmp_path: Path, plugins: Path
) -> None:
    page_of(opened, "tiny.invert").form.set_values({"strength": 0.25})
    run_to_result(opened, "tiny.invert")
    again = build_services(tmp_path / "config", plugins, tmp_path / "models")
    assert again.settings.parameters["tiny.invert"] == {"strength": 0.25}


def test_remembered_values_fill_a_new_form(qtbot: QtBot, services: Services, theme: Theme) -> None:
    services.settings.remember_parameters("tiny.invert", {"strength": 0.125})
    window = MainWindow(services, theme)
    qtbot.addWidget(window)
    assert page_of(window, "tiny.invert").form.values() == {"strength": 0.125}
    window.close()


def test_choices_show_their_titles(everything: Form) -> None:
    control = everything.controls["kind"]
    assert isinstance(control, ChoiceControl)
    assert [control.box.itemText(i) for i in range(2)] == ["Softly", "Hard"]


def test_try_here_is_only_offered_where_it_shows_something(opened: MainWindow) -> None:
    assert not page_of(opened, "tiny.invert").try_button.isHidden()
    assert page_of(opened, "tiny.slow").try_button.isHidden()
    assert not opened.actions_by_id["try"].isEnabled()


def test_without_a_picture_only_what_needs_none_can_run(window: MainWindow) -> None:
    assert not page_of(window, "tiny.invert").run_button.isEnabled()
    assert page_of(window, "tiny.make").run_button.isEnabled()


def test_the_search_finds_by_keyword(qtbot: QtBot, window: MainWindow) -> None:
    tools = window.tools.operations
    tools.search.setText("contrar")
    rows = [tools.list.item(i).text() for i in range(tools.list.count())]
    assert rows == ["Invert"]
    qtbot.keyClick(tools.search, Qt.Key.Key_Return)
    assert window.tools.page is not None
    assert window.tools.page.operation.id == "tiny.invert"
    window.tools.show_list()
    tools.search.setText("zzz")
    assert "zzz" in tools.empty.text()
