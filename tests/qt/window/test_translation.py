"""The catalogs: they match their source, and the window speaks the chosen language."""

from __future__ import annotations

import gettext
import importlib.util
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from types import ModuleType

import numpy as np
import pytest
from babel.messages import Catalog
from PySide6.QtCore import QTranslator
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from studio.api.errors import UserError
from studio.document import Picture
from studio.host.jobs import Job, JobError, JobState
from studio.host.requests import RunRequest
from studio.host.services import Services
from studio.host.training.records import RunSpec, RunState
from studio.host.training.run import TrainingRun
from studio.qt import i18n
from studio.qt.main_window import MainWindow
from studio.qt.panels.job_card import job_text
from studio.qt.problems import describe_error
from studio.qt.theme import Theme
from studio.qt.training.words import run_text

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """The script that extracts and compiles."""
    path = ROOT / ".ci" / "translations.py"
    spec = importlib.util.spec_from_file_location("impasto_translations", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def wanted(tool: ModuleType) -> Catalog:
    """All that is to be translated; looking for it takes seconds."""
    found: Catalog = tool.template()
    return found


@pytest.fixture
def german() -> Iterator[None]:
    """German for one test."""
    i18n.set_language("de")
    yield
    i18n.set_language("en")


def test_compiled_catalogs_match_their_source(tool: ModuleType) -> None:
    assert tool.catalogs(), "there is a translation"
    for path in tool.catalogs():
        made = tool.compiled(tool.read(path))
        assert path.with_suffix(".mo").read_bytes() == made, "run .ci/translations.py compile"


def test_what_is_missing_is_found(tool: ModuleType) -> None:
    wanted, catalog = Catalog(), Catalog(locale="de")
    for text in ("Open", "Close", "Crop", "Trim"):
        wanted.add(text)
    catalog.add("Open", "Öffnen")
    catalog.add("Crop", "")
    catalog.add("Trim", "Stutzen", flags=["fuzzy"])
    assert tool.missing(catalog, wanted) == ["Close", "Crop", "Trim"]


def test_strings_are_found_everywhere(wanted: Catalog) -> None:
    texts = {str(message.id) for message in wanted if message.id}
    assert "&Open…" in texts, "a command"
    assert "Open pictures" in texts, "a literal"
    assert "Find a command or tool…" in texts, "a literal within a formatted one"
    assert "This text is too large." in texts, "an error"
    assert "Upscale" in texts, "an operation of a plugin"
    assert "Style from a painting" in texts, "a trainer"
    assert "Paintings, drawings, patterns: the more different, the better" in texts, "its folder"
    assert "Peak learning rate" in texts, "its parameter"
    assert "Reading pictures" in texts, "a step of a training"
    assert "Starting" in texts, "what the bench says of one"
    assert "No painting is chosen." in texts, "an error of a training"
    assert "Stained glass" in texts, "a picture of a gallery"


def test_a_users_own_pictures_are_not_extracted(tool: ModuleType, services: Services) -> None:
    own = services.galleries.own_folder("styles") / "my-sketch.png"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"")
    assert own in [picture.path for picture in services.galleries.pictures("styles")]
    texts = [text for text, _ in tool.of_galleries(services)]
    assert "Woodcut" in texts
    assert "My sketch" not in texts


def test_placeholders_survive_translation(tool: ModuleType) -> None:
    for path in tool.catalogs():
        for message in tool.read(path):
            if message.id and message.string:
                assert _names(str(message.id)) == _names(str(message.string))


def _names(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


def test_german_is_complete(tool: ModuleType, wanted: Catalog) -> None:
    lost = {path.parent.name: tool.missing(tool.read(path), wanted) for path in tool.catalogs()}
    assert lost == {"de": []}


def test_texts_without_translation_stay_english(german: None) -> None:
    assert i18n.tr("no such text {n}", n=3) == "no such text 3"


def test_an_unknown_language_is_english() -> None:
    i18n.set_language("xx")
    assert i18n.tr("&File") == "&File"
    i18n.set_language("en")


@pytest.mark.parametrize(
    ("value", "file"), [("de_AT.UTF-8", "&Datei"), ("C.UTF-8", "&File"), ("en_GB", "&File")]
)
def test_the_system_language_is_followed(
    monkeypatch: pytest.MonkeyPatch, value: str, file: str
) -> None:
    for name in ("LANGUAGE", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", value)
    i18n.set_language("system")
    assert i18n.tr("&File") == file
    i18n.set_language("en")


def test_the_window_speaks_german(
    qtbot: QtBot, german: None, services: Services, theme: Theme
) -> None:
    window = MainWindow(services, theme)
    qtbot.addWidget(window)
    menus = [action.text() for action in window.menuBar().actions()]
    assert menus[0] == "&Datei"
    assert window.actions_by_id["open"].text() == "Ö&ffnen…"
    assert "Werkzeuge" in window.docks["tools"].windowTitle()
    assert "de" in i18n.languages()
    window.close()


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_two_entries_of_a_menu_share_a_letter(
    qtbot: QtBot, language: str, services: Services, theme: Theme
) -> None:
    i18n.set_language(language)
    try:
        window = MainWindow(services, theme)
    finally:
        i18n.set_language("en")
    qtbot.addWidget(window)
    menus = {"": window.menuBar().actions()}
    menus |= {menu.title(): menu.actions() for menu in window.menuBar().findChildren(QMenu)}
    for name, actions in menus.items():
        titles = [action.text() for action in actions if action.isVisible()]
        letters = Counter(mark for title in titles if (mark := _letter(title)))
        shared = [title for title in titles if letters[_letter(title)] > 1]
        assert not shared, f"{name}: {shared}"
    window.close()


def _letter(title: str) -> str:
    return title.replace("&&", "").partition("&")[2][:1].lower()


def test_errors_without_fillings_are_translated(german: None) -> None:
    shown = describe_error(
        UserError("This text is too large.", "Choose a smaller size or write less.")
    )
    assert (shown.message, shown.hint) == (
        "Dieser Text ist zu groß.",
        "Wählen Sie eine kleinere Schrift, oder schreiben Sie weniger.",
    )


def test_a_training_is_told_of_in_german(german: None, services: Services, tmp_path: Path) -> None:
    spec = RunSpec(trainer="tiny", title="Tiny", data=(), parameters={})
    run = TrainingRun(services.training, tmp_path, spec)
    run.state, run.message, run.fraction = RunState.RUNNING, "Reading pictures", 0.25
    assert run_text(run) == "Bilder werden gelesen · 25%"
    run.state = RunState.FAILED
    run.error = JobError(
        "No painting is chosen.", "Choose the picture whose style is to be learned.", ""
    )
    assert run_text(run) == (
        "Es ist kein Gemälde gewählt.\nWählen Sie das Bild, dessen Stil gelernt wird."
    )


FRAMES = {
    "Step {1}": "Schritt {1}",
    "Step {1} of {2}: loss {3}": "Schritt {1} von {2}: Verlust {3}",
    "Stopped after {1} of {2} steps.": "Nach {1} von {2} Schritten beendet.",
    "{1} comes before {2}": "Vor {2} kommt {1}",
    "Braces {{}} and {1}": "Klammern {{}} und {1}",
}


@pytest.fixture
def spoken(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A language that knows a few frames."""
    catalog = Catalog(locale="de")
    for text, translation in FRAMES.items():
        catalog.add(text, translation, context=tool.FILLED)
    read = gettext.GNUTranslations(io.BytesIO(tool.compiled(catalog)))
    monkeypatch.setattr(i18n, "_translations", read)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Step 7", "Schritt 7"),
        ("Step 12 of 300: loss 0.31", "Schritt 12 von 300: Verlust 0.31"),
        ("Stopped after 5 of 4000 steps.", "Nach 5 von 4000 Schritten beendet."),
        ("a {b} comes before (c)", "Vor (c) kommt a {b}"),
        ("Braces {} and 3", "Klammern {} und 3"),
        ("Nobody knows this 3", "Nobody knows this 3"),
        ("", ""),
    ],
)
def test_what_a_run_says_with_numbers_is_translated(spoken: None, said: str, shown: str) -> None:
    assert i18n.retold(said) == shown


def test_what_a_run_says_is_shown_so(spoken: None, services: Services, tmp_path: Path) -> None:
    run = TrainingRun(services.training, tmp_path, RunSpec(trainer="tiny", title="Tiny", data=()))
    run.state, run.message = RunState.RUNNING, "Step 240"
    assert run_text(run) == "Schritt 240"
    picture = Picture.from_pixels(np.zeros((2, 2, 4), np.uint8))
    job = Job(1, RunRequest("tiny.invert", {}, picture), "Invert")
    job.state, job.message = JobState.RUNNING, "Step 3 of 40: loss 2"
    assert job_text(job) == "Schritt 3 von 40: Verlust 2 · 0%"


def test_frames_of_what_runs_say_are_extracted(tool: ModuleType, wanted: Catalog) -> None:
    frames = {str(message.id) for message in wanted if message.context == tool.FILLED}
    assert "Step {1} of {2}: loss {3}" in frames, "of an operation"
    assert "Step {1}: {2}" in frames, "of all trainings"
    assert "Stopped after {1} of {2} steps." in frames, "a note"
    assert "Looking at pictures: {1} of {2}" in frames, "of the bench"
    assert "Downloading {1}: {2}" in frames, "of the host"


def test_errors_are_never_of_two_languages(german: None) -> None:
    shown = describe_error(UserError("The file a.png is damaged.", "Choose another layer."))
    assert (shown.message, shown.hint) == ("The file a.png is damaged.", "Choose another layer.")


def test_qt_follows_the_language(qapp: QApplication, german: None) -> None:
    before = set(qapp.findChildren(QTranslator))
    i18n.translate_qt(qapp)
    (made,) = set(qapp.findChildren(QTranslator)) - before
    try:
        keys = QKeySequence("Ctrl+Shift+S").toString(QKeySequence.SequenceFormat.NativeText)
        assert keys == "Strg+Umschalt+S"
    finally:
        qapp.removeTranslator(made)


def test_what_a_plugin_declares_is_translated(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, opened: MainWindow
) -> None:
    words = {"Strength": "Stärke", "0 leaves the picture as it is": "0 lässt das Bild, wie es ist"}

    class Words(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return words.get(message, message)

    monkeypatch.setattr(i18n, "_translations", Words())
    opened.tools.choose_id("tiny.invert")
    page = opened.tools.page
    assert page is not None
    assert page.form.specs[0].title == "Stärke"
    assert "Bild" in page.form.specs[0].help
