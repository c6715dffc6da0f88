"""What is pending in a tool, or made on a thread, is part of what is saved, closed and undone."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from studio.document import Rect, composite
from studio.document.transforms.sampling import content_bounds
from studio.qt.editing import AT_ONCE

CTRL = Qt.KeyboardModifier.ControlModifier
Buttons = QMessageBox.StandardButton


def box_area(window):
    return content_bounds(window.session.document.picture.layers[1].raster)


@pytest.fixture
def pending(editor, toolbox, drag):
    """The box is moved by (40, 30) with free transform, which is not applied yet."""
    editor.session.document.mark_saved()
    toolbox.choose("transform")
    drag((140, 110), (180, 140), CTRL)
    assert toolbox.current.busy
    assert not editor.session.modified
    return editor


@pytest.fixture
def asked(monkeypatch):
    """Questions, all answered with Cancel."""
    asked = []

    def exec_box(box):
        asked.append(box.text())
        return Buttons.Cancel.value

    monkeypatch.setattr(QMessageBox, "exec", exec_box)
    return asked


def test_saving_writes_what_is_seen(qtbot, pending, tmp_path):
    path = tmp_path / "seen.ora"
    pending.files.ask_save_path = lambda _title: path
    with qtbot.waitSignal(pending.files.saved, timeout=20_000):
        pending.actions_by_id.trigger("save-as")
    assert box_area(pending) == Rect(140, 110, 80, 60)
    assert not pending.session.modified
    flat = np.asarray(Image.open(_merged(path)).convert("RGB"))
    assert np.array_equal(flat, composite(pending.session.document.picture)[..., :3])


def _merged(path):
    import io
    import zipfile

    with zipfile.ZipFile(path) as archive:
        return io.BytesIO(archive.read("mergedimage.png"))


@pytest.mark.parametrize("command", ["close", "close-all", "quit"])
def test_closing_asks_about_it(qtbot, pending, asked, command):
    pending.actions_by_id.trigger(command)
    qtbot.waitUntil(lambda: len(asked) == 1)
    assert box_area(pending) == Rect(140, 110, 80, 60)
    assert pending.session.modified


@pytest.mark.parametrize("command", ["close", "close-all", "quit"])
def test_closing_waits_for_what_is_made_on_a_thread(qtbot, editor, asked, command):
    document, gate = editor.session.document, threading.Event()
    document.mark_saved()

    def wider(picture):
        assert gate.wait(20)
        return picture.replaced(width=picture.width + 1)

    editor.workspace.edits.apply(document, "Wider", wider, AT_ONCE + 1)
    editor.actions_by_id.trigger(command)
    assert editor.session.entry(document) is not None
    assert editor.isVisible()
    gate.set()
    qtbot.waitUntil(lambda: len(asked) == 1, timeout=20_000)
    assert document.picture.width == 401
    assert editor.session.entry(document) is not None


def test_undo_takes_back_the_frame_and_no_step(pending, toolbox):
    steps = pending.session.document.history.position
    pending.actions_by_id.trigger("undo")
    assert not toolbox.current.busy
    assert pending.session.document.history.position == steps
    pending.actions_by_id.trigger("undo")
    assert pending.session.document.history.position == steps - 1


def test_a_frame_for_cropping_stays_when_saved(qtbot, editor, toolbox, drag, tmp_path):
    toolbox.choose("crop")
    drag((50, 40), (250, 190), CTRL)
    path = tmp_path / "whole.ora"
    editor.files.ask_save_path = lambda _title: path
    with qtbot.waitSignal(editor.files.saved, timeout=20_000):
        editor.actions_by_id.trigger("save-as")
    assert toolbox.current.box.rect == Rect(50, 40, 200, 150)
    assert Image.open(_merged(path)).size == (400, 300)


def test_a_run_works_on_what_is_seen(qtbot, pending):
    pending.tools.choose_id("tiny.invert")
    pending.tools.request_run()
    qtbot.waitUntil(lambda: pending.runs.result is not None, timeout=20_000)
    assert not pending.toolbox.current.busy
    moved = box_area(pending)
    assert moved == Rect(140, 110, 80, 60)
    assert pending.runs.result.request.picture is pending.session.document.picture


def test_a_live_form_shows_what_is_seen(pending):
    pending.tools.choose_id("adjustments.invert")
    assert not pending.toolbox.current.busy
    assert box_area(pending) == Rect(140, 110, 80, 60)
