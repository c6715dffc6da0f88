"""Edits that take long: on a thread, in order, and nothing done meanwhile is lost."""

from __future__ import annotations

import threading

import numpy as np
from pytestqt.qtbot import QtBot

from studio.api.errors import UserError
from studio.document import Document, Picture
from studio.document.edits import Edit
from studio.qt.editing import AT_ONCE
from studio.qt.main_window import MainWindow

LARGE = AT_ONCE + 1
WAIT = 20_000


def opened_document(window: MainWindow) -> Document:
    document = window.session.document
    assert document is not None
    return document


def titles(document: Document) -> list[str]:
    return [step.title for step in document.history.steps]


def waiting(gate: threading.Event, edit: Edit) -> Edit:
    def made(picture: Picture) -> Picture:
        assert gate.wait(20)
        return edit(picture)

    return made


def wider(picture: Picture) -> Picture:
    return picture.replaced(width=picture.width + 1)


def taller(picture: Picture) -> Picture:
    return picture.replaced(height=picture.height * 2)


def test_edits_are_made_in_the_order_they_were_asked_for(qtbot: QtBot, opened: MainWindow) -> None:
    """Select all and then clear must not clear first."""
    document, edits = opened_document(opened), opened.workspace.edits
    width, gate = document.picture.width, threading.Event()
    said: list[str] = []
    edits.busy.connect(said.append)
    edits.apply(document, "First", waiting(gate, wider), LARGE)
    edits.apply(document, "Second", lambda p: p.replaced(width=p.width * 2), LARGE)
    edits.apply(document, "Third", wider, 0)
    assert titles(document) == []
    gate.set()
    qtbot.waitUntil(lambda: len(titles(document)) == 3, timeout=WAIT)
    assert titles(document) == ["First", "Second", "Third"]
    assert document.picture.width == (width + 1) * 2 + 1
    assert said == ["First…", "", "Second…", ""]


def test_a_drag_that_goes_on_is_waited_for(qtbot: QtBot, opened: MainWindow) -> None:
    document, edits = opened_document(opened), opened.workspace.edits
    size, gate = (document.picture.width, document.picture.height), threading.Event()
    edits.apply(document, "Large", waiting(gate, wider), LARGE)
    drag = document.begin("Drag")
    drag.update(taller)
    gate.set()
    qtbot.waitUntil(lambda: not opened.workspace.background.busy, timeout=WAIT)
    assert drag.open
    drag.commit()
    qtbot.waitUntil(lambda: titles(document) == ["Drag", "Large"], timeout=WAIT)
    assert (document.picture.width, document.picture.height) == (size[0] + 1, size[1] * 2)


def test_what_fails_is_told_and_the_next_one_is_made(qtbot: QtBot, opened: MainWindow) -> None:
    document, edits = opened_document(opened), opened.workspace.edits
    before, ends = document.picture, list[bool]()

    def refused(_: Picture) -> Picture:
        raise UserError("The layer is locked.", "Unlock it.")

    for cost in (0, LARGE):
        edits.apply(document, "Refused", refused, cost, ends.append, opened)
        qtbot.waitUntil(lambda: len(ends) == 1, timeout=WAIT)
        assert "locked" in opened.workspace.messages.text.text()
        assert document.picture is before
        edits.apply(document, "Wider", wider, cost, ends.append, opened)
        qtbot.waitUntil(lambda: len(ends) == 2, timeout=WAIT)
        assert ends == [False, True]
        document.undo()
        ends.clear()
        assert np.array_equal(document.picture.width, before.width)
