"""Choosing reference pictures in a form, by real clicks, keys and drops."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from studio.document import composite
from studio.qt.forms.gallery_control import GalleryControl
from studio.qt.main_window import MainWindow
from studio.qt.panels.operation_page import OperationPage
from studio.qt.theme import Theme

DROPINS = Path(__file__).parents[2] / "dropins"
COLORS = {"deep-blue": (0, 0, 255), "green": (0, 160, 0), "red": (255, 0, 0)}


def save(path: Path, color: tuple[int, ...]) -> Path:
    Image.new("RGBA" if len(color) == 4 else "RGB", (12, 8), color).save(path)
    return path


@pytest.fixture
def plugins(plugins: Path) -> Path:
    shutil.copytree(DROPINS / "looks", plugins / "looks")
    folder = plugins / "looks" / "pictures"
    folder.mkdir()
    for name, color in COLORS.items():
        save(folder / f"{name}.png", color)
    return plugins


@pytest.fixture
def page(qtbot: QtBot, opened: MainWindow) -> OperationPage:
    opened.tools.choose_id("looks.mix")
    page = opened.tools.page
    assert page is not None
    for name in ("style", "ground"):
        control = page.form.controls[name]
        assert isinstance(control, GalleryControl)
        qtbot.waitUntil(lambda c=control: all(decorated(c)))  # type: ignore[misc]  # bound early
    return page


def decorated(control: GalleryControl) -> list[bool]:
    items = [control.grid.item(row) for row in range(control.grid.count())]
    return [item.data(Qt.ItemDataRole.DecorationRole) is not None for item in items]


@pytest.fixture
def style(page: OperationPage) -> GalleryControl:
    """The control for several pictures."""
    control = page.form.controls["style"]
    assert isinstance(control, GalleryControl)
    return control


@pytest.fixture
def ground(page: OperationPage) -> GalleryControl:
    """The control for one picture."""
    control = page.form.controls["ground"]
    assert isinstance(control, GalleryControl)
    return control


def click(control: GalleryControl, name: str) -> None:
    """Click on a picture of the grid."""
    grid = control.grid
    [row] = [n for n in range(grid.count()) if grid.item(n).text().lower() == name]
    grid.scrollToItem(grid.item(row))
    middle = grid.visualItemRect(grid.item(row)).center()
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=middle)


def titles(control: GalleryControl) -> list[str]:
    return [control.grid.item(row).text() for row in range(control.grid.count())]


def test_several_are_switched_on_and_off_by_clicks(style: GalleryControl) -> None:
    assert titles(style) == ["Deep blue", "Green", "Red"]
    assert style.value() == []
    click(style, "red")
    click(style, "deep blue")
    assert style.value() == [["gallery:red", 1.0], ["gallery:deep-blue", 1.0]]
    assert [row.weight.isHidden() for row in style.rows] == [False, False]
    click(style, "red")
    assert style.value() == [["gallery:deep-blue", 1.0]]
    assert style.rows[0].weight.isHidden(), "a picture alone has no weight"


def test_of_one_another_click_takes_the_other(ground: GalleryControl) -> None:
    click(ground, "red")
    assert ground.value() == "gallery:red"
    click(ground, "green")
    assert ground.value() == "gallery:green"
    assert len(ground.rows) == 1
    ground.rows[0].remove.click()
    assert ground.value() is None
    assert not ground.grid.selectedItems()


def test_the_keyboard_chooses_as_well(
    qtbot: QtBot, opened: MainWindow, style: GalleryControl
) -> None:
    opened.activateWindow()
    style.grid.setFocus()
    qtbot.waitUntil(style.grid.hasFocus)
    style.grid.setCurrentRow(0)
    before = style.value()
    QTest.keyClick(style.grid, Qt.Key.Key_Right)
    QTest.keyClick(style.grid, Qt.Key.Key_Space)
    assert len(style.value()) != len(before)
    assert ["gallery:green", 1.0] in style.value()


def test_sliders_weigh_and_a_run_mixes(
    qtbot: QtBot, opened: MainWindow, style: GalleryControl
) -> None:
    click(style, "red")
    click(style, "deep blue")
    style.rows[1].slider.setFocus()
    style.rows[1].slider.setValue(25)
    assert style.value() == [["gallery:red", 1.0], ["gallery:deep-blue", 0.25]]
    assert style.rows[1].percent.text() == "25 %"
    opened.tools.request_run()
    qtbot.waitUntil(lambda: opened.canvas.overlay is not None, timeout=20_000)
    opened.actions_by_id.trigger("apply")
    document = opened.session.document
    assert document is not None
    assert composite(document.picture)[0, 0, :3].tolist() == [204, 0, 51]
    remembered = opened.services.settings.parameters["looks.mix"]
    assert remembered["style"] == [["gallery:red", 1.0], ["gallery:deep-blue", 0.25]]


def test_weights_above_one_keep_their_shares(style: GalleryControl) -> None:
    style.set_value("gallery:red;gallery:green*4")
    assert [row.slider.value() for row in style.rows] == [25, 100]
    style.rows[1].slider.setValue(50)
    style.rows[1].slider.setValue(75)
    assert style.value() == [["gallery:red", 1.0], ["gallery:green", 3.0]]


def test_presets_are_recognised(page: OperationPage, style: GalleryControl) -> None:
    assert page.presets.currentText() == "Defaults"
    page.presets.setCurrentIndex(page.presets.findText("Both"))
    page.presets.activated.emit(page.presets.currentIndex())
    assert style.value() == [["gallery:red", 1], ["gallery:deep-blue", 3]]
    assert page.presets.currentText() == "Both"
    page.presets.setCurrentIndex(page.presets.findText("Warm"))
    page.presets.activated.emit(page.presets.currentIndex())
    assert style.value() == [["gallery:red", 0.5]]
    assert page.presets.currentText() == "Warm"


def menu_of(control: GalleryControl) -> dict[str, QMenu | object]:
    menu = control.add_button.menu()
    assert menu is not None
    menu.aboutToShow.emit()
    return {action.text(): action for action in menu.actions()}


def test_a_file_is_copied_into_the_gallery_and_chosen(
    qtbot: QtBot, style: GalleryControl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "My Photo.png", (9, 8, 7))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    menu_of(style)["From file…"].trigger()  # type: ignore[attr-defined]  # an action
    qtbot.waitUntil(lambda: style.value() == [["gallery:my-photo", 1.0]])
    path.unlink()
    assert titles(style) == ["Deep blue", "Green", "Red", "My photo"]
    assert style.rows[0].problem.isHidden()
    qtbot.waitUntil(lambda: style.rows[0].thumbnail.pixmap is not None)


def test_a_layer_is_copied_without_what_is_transparent(
    qtbot: QtBot, opened: MainWindow, ground: GalleryControl
) -> None:
    document = opened.session.document
    assert document is not None
    menu_of(ground)
    menu = ground.add_button.menu()
    assert menu is not None
    layers = menu.findChild(QMenu)
    assert layers is not None
    texts = [action.text() for action in layers.actions() if action.text()]
    assert texts == [document.picture.layers[0].name, "The whole picture"]
    layers.actions()[0].trigger()
    qtbot.waitUntil(lambda: ground.value() is not None)
    assert len(titles(ground)) == 4
    name = ground.value().removeprefix("gallery:")
    found = np.asarray(Image.open(opened.services.galleries.locate(f"gallery:{name}")))
    assert np.array_equal(found[..., :3], composite(document.picture)[..., :3])


def test_the_clipboard_is_taken(qtbot: QtBot, style: GalleryControl) -> None:
    QGuiApplication.clipboard().clear()
    assert not menu_of(style)["From clipboard"].isEnabled()  # type: ignore[attr-defined]  # an action
    image = QImage(5, 4, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.cyan)
    QGuiApplication.clipboard().setImage(image)
    menu_of(style)["From clipboard"].trigger()  # type: ignore[attr-defined]  # an action
    qtbot.waitUntil(lambda: style.value() == [["gallery:clipboard", 1.0]])
    QGuiApplication.clipboard().clear()


def test_files_are_dropped_and_a_broken_one_is_told_of(
    qtbot: QtBot, opened: MainWindow, style: GalleryControl, tmp_path: Path
) -> None:
    (tmp_path / "bad.png").write_text("words")
    paths = [save(tmp_path / "one.png", (1, 2, 3)), tmp_path / "bad.png"]
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    style.dropEvent(event)
    qtbot.waitUntil(lambda: style.value() == [["gallery:one", 1.0]])
    qtbot.waitUntil(opened.messages.isVisible)
    assert "bad.png" in opened.messages.text.text()


def test_ones_own_can_be_removed_and_bundled_ones_not(
    qtbot: QtBot, opened: MainWindow, style: GalleryControl, ground: GalleryControl
) -> None:
    library = opened.workspace.library
    style.add_file(
        save(Path(opened.services.galleries.own_folder("x").parent.parent / "own.png"), (3, 3, 3))
    )
    qtbot.waitUntil(lambda: len(style.value()) == 1)
    assert len(titles(ground)) == 4, "every control of the gallery shows it"
    own = next(each for each in library.pictures("looks") if each.own)
    [action] = style.grid.menu(own).actions()
    action.trigger()
    assert style.value() == []
    assert len(titles(ground)) == len(titles(style)) == 3
    assert not own.path.exists()
    bundled = library.pictures("looks")[0]
    [action] = style.grid.menu(bundled).actions()
    assert not action.isEnabled()


def test_what_is_gone_is_said(
    style: GalleryControl, ground: GalleryControl, tmp_path: Path
) -> None:
    style.set_value([["gallery:gone", 1.0], [str(tmp_path / "gone.png"), 1.0]])
    assert [row.problem.isHidden() for row in style.rows] == [False, False]
    ground.set_value("gallery:red")
    assert ground.rows[0].problem.isHidden()


def test_everything_has_a_name_and_both_themes_draw(
    qtbot: QtBot, opened: MainWindow, theme: Theme, style: GalleryControl
) -> None:
    click(style, "red")
    click(style, "green")
    assert style.grid.accessibleName() == "Style"
    row = style.rows[0]
    assert row.slider.accessibleName() == "Weight of Red"
    assert row.remove.accessibleName() == "Do not use Red"
    item = style.grid.item(0)
    assert item.data(Qt.ItemDataRole.AccessibleDescriptionRole) == "Comes with Impasto"
    looks = []
    for name in ("dark", "light"):
        theme.choose(name)
        image = style.grid.grab().toImage()
        center = style.grid.visualItemRect(style.grid.item(2)).center() - QPoint(0, 12)
        assert image.pixelColor(center).getRgb()[:3] == COLORS["red"]
        looks.append(image)
    assert looks[0] != looks[1]
    theme.choose("dark")
