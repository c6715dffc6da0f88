"""Pictures that a model made: what is saved with them, and the way back into the form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from studio.document import Layer, Raster, composite
from studio.files.codec import SaveOptions
from studio.files.documents import recipe_of
from studio.files.images import read_image, write_image
from studio.files.metadata import Metadata
from studio.host.disclosure import outgoing_metadata
from studio.qt.dialogs.export import ExportDialog
from studio.qt.main_window import MainWindow

WAIT = 20_000
VALUES = {"prompt": "a <fox> & Ü", "height": 6}


def make(window: MainWindow, qtbot: QtBot, values: dict[str, Any]) -> None:
    """Generate a picture in a tab of its own."""
    window.tools.choose_id("tiny.noise")
    page = window.tools.page
    assert page is not None
    page.form.set_values(values)
    generate(window, qtbot)


def generate(window: MainWindow, qtbot: QtBot) -> None:
    before, apply = len(window.session.entries), window.actions_by_id["apply"]
    window.tools.request_run()

    def there() -> bool:
        return len(window.session.entries) > before or apply.isEnabled()

    qtbot.waitUntil(there, timeout=WAIT)
    if len(window.session.entries) == before:  # where something is open it waits for a decision
        window.runs.apply()
    assert len(window.session.entries) == before + 1


def write(window: MainWindow, qtbot: QtBot, path: Path, options: SaveOptions | None = None) -> None:
    with qtbot.waitSignal(window.files.saved, timeout=WAIT):
        window.files.write(path, options=options, copy=options is not None)


def shown(window: MainWindow) -> np.ndarray[Any, Any]:
    assert window.session.document is not None
    return composite(window.session.document.picture)


def open_settings(window: MainWindow) -> None:
    action = window.actions_by_id["made-with"]
    assert action.isEnabled()
    action.trigger()


@pytest.mark.parametrize("name", ["made.png", "made.ora", "made.jpg"])
def test_a_file_brings_its_form_back_and_makes_the_same_picture(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, name: str
) -> None:
    make(window, qtbot, VALUES)
    pixels = shown(window)
    write(window, qtbot, tmp_path / name)
    window.session.close()
    page = window.tools.page
    assert page is not None
    page.form.set_values({"prompt": "other words", "height": 9})
    window.tools.show_list()

    window.open(tmp_path / name)
    qtbot.waitUntil(lambda: "model made it" in window.messages.text.text(), timeout=WAIT)
    window.messages.act.click()
    assert window.tools.page is page
    assert page.form.values() == {**VALUES, "pattern": None}
    generate(window, qtbot)
    assert np.array_equal(shown(window), pixels)


def test_the_command_knows_results_that_are_not_saved(window: MainWindow, qtbot: QtBot) -> None:
    assert not window.actions_by_id["made-with"].isEnabled()
    make(window, qtbot, VALUES)
    pixels = shown(window)
    window.tools.show_list()
    open_settings(window)
    page = window.tools.page
    assert page is not None
    assert page.operation.id == "tiny.noise"
    generate(window, qtbot)
    assert np.array_equal(shown(window), pixels)


def test_other_values_mean_another_picture(window: MainWindow, qtbot: QtBot) -> None:
    make(window, qtbot, VALUES)
    pixels = shown(window)
    make(window, qtbot, VALUES)
    assert not np.array_equal(shown(window), pixels)


def test_a_photo_says_nothing(opened: MainWindow) -> None:
    assert not opened.actions_by_id["made-with"].isEnabled()


def test_files_that_are_elsewhere_are_asked_for_again(
    window: MainWindow, qtbot: QtBot, photo: Path, tmp_path: Path
) -> None:
    make(window, qtbot, {**VALUES, "pattern": str(photo)})
    write(window, qtbot, tmp_path / "made.png")
    assert str(tmp_path).encode() not in (tmp_path / "made.png").read_bytes()
    window.session.close()
    window.open(tmp_path / "made.png")
    qtbot.waitUntil(lambda: "model made it" in window.messages.text.text(), timeout=WAIT)
    window.messages.act.click()
    assert "photo.png is not in the picture" in window.messages.text.text()
    page = window.tools.page
    assert page is not None
    assert page.form.values() == {**VALUES, "pattern": None}


def test_what_is_done_later_is_recorded_behind_it(window: MainWindow, qtbot: QtBot) -> None:
    make(window, qtbot, VALUES)
    document = window.session.document
    assert document is not None
    extra = Layer("More", Raster.from_array(np.zeros((2, 2, 4), np.uint8)))
    record = {"operation": "tiny.invert", "parameters": {"path": "/srv/secret/x.png"}}
    document.apply("Invert", lambda p: p.replaced(nodes=(*p.nodes, extra)), record)
    first, second = outgoing_metadata(window.session.source.metadata, document).recipe
    assert (first["operation"], first["provenance"]) == ("tiny.noise", "generated")
    assert second["parameters"] == {"path": "x.png"}
    document.undo()
    assert len(outgoing_metadata(window.session.source.metadata, document).recipe) == 1


def test_an_export_can_leave_out_how_it_was_made(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    make(window, qtbot, VALUES)
    document = window.session.document
    assert document is not None
    metadata = outgoing_metadata(window.session.source.metadata, document)
    dialog = ExportDialog(window, window.workspace, document.picture, metadata, ".png")
    assert dialog.records.isVisibleTo(dialog)
    assert dialog.options().records
    dialog.metadata.setChecked(False)
    assert not dialog.records.isEnabled()
    dialog.metadata.setChecked(True)
    dialog.records.setChecked(False)
    options = dialog.options()
    dialog.reject()
    dialog.deleteLater()
    write(window, qtbot, tmp_path / "a.png", options)
    assert recipe_of(tmp_path / "a.png") == ()
    xmp = read_image(tmp_path / "a.png").metadata.xmp or b""
    assert b"/trainedAlgorithmicMedia" in xmp
    assert b"fox" not in xmp
    plain = ExportDialog(window, window.workspace, document.picture, Metadata(), ".png")
    assert not plain.records.isVisibleTo(plain)
    plain.reject()
    plain.deleteLater()
    qtbot.waitUntil(lambda: not window.workspace.background.busy, timeout=WAIT)


def test_a_photo_keeps_its_own_metadata_beside_the_record(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    path = tmp_path / "photo.jpg"
    write_image(path, np.full((9, 9, 4), 255, np.uint8), Metadata(exif=block, dpi=(300, 300)))
    window.open(path)
    qtbot.waitUntil(lambda: window.session.document is not None, timeout=WAIT)
    document = window.session.document
    assert document is not None
    record = {"operation": "tiny.invert", "provenance": "composite", "seed": 3}
    document.apply("Fill", lambda picture: picture.replaced(guides=()), record)
    document.mark_unsaved()
    before = read_image(path).metadata.exif
    if not document.history.steps:  # nothing was changed by it
        pytest.fail("the step was not made")
    write(window, qtbot, path)
    found = read_image(path).metadata
    assert found.exif == before
    assert b"compositeWithTrainedAlgorithmicMedia" in (found.xmp or b"")
