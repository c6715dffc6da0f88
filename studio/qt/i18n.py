"""The language of the window: gettext catalogs, chosen at start or in Preferences."""

from __future__ import annotations

import gettext
import locale
import logging
import os
import re
from functools import lru_cache
from importlib import resources

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QTranslator

log = logging.getLogger(__name__)

DOMAIN = "impasto"
FILLED = "filled"
"""Context of the catalogs' texts that are filled in where they are said, at ``{1}``, ``{2}``..."""
_translations: gettext.NullTranslations = gettext.NullTranslations()
_code = "en"


def tr(text: str, **values: object) -> str:
    """``text`` in the chosen language, with ``{name}`` filled in from ``values``.

    The argument has to be a literal, as the catalogs are extracted from the source. A text without
    translation stays English.
    """
    translated = _translations.gettext(text) if text else ""
    return translated.format(**values) if values else translated


def retold(text: str) -> str:
    """What a run says of itself, in the chosen language; numbers and names in it stay as they are.

    It may be the step or the note of a run or a training, as ``"Step 3 of 40"``.
    """
    translated = tr(text)
    if translated != text:
        return translated
    for pattern, translation in _patterns(_translations):
        found = pattern.fullmatch(text)
        if found is not None:
            return translation.format("", *found.groups())
    return text


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a literal for extraction where it cannot be translated yet, as in a module's table."""
    return text


def set_language(code: str) -> None:
    """Translate to ``code`` from now on: ``system``, ``en``, or a folder of the catalogs, as ``de``."""
    global _translations, _code  # noqa: PLW0603 - one language for the whole process
    _code = _system_language() if code == "system" else code
    _translations = _catalog(_code)


def translate_qt(application: QCoreApplication) -> None:
    """Let Qt's own words (names of keys, its dialogs) be in the language chosen last, too."""
    short = _short(_code)
    translator = QTranslator(application)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    # Of the languages that the system may ask for, only those the rest of the window speaks.
    if short != "en" and short in languages() and translator.load(f"qtbase_{short}", folder):
        application.installTranslator(translator)


def languages() -> tuple[str, ...]:
    """Codes of the languages there are catalogs for, English first."""
    folder = resources.files("studio_resources") / "translations"
    found = (entry.name for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else ()
    return ("en", *sorted(code for code in found if not code.startswith("_")))


def _system_language() -> str:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return value.split(":")[0].split(".")[0]
    return locale.getlocale()[0] or "en"


def _short(code: str) -> str:
    return code.partition("_")[0].lower()


@lru_cache(maxsize=8)
def _catalog(code: str) -> gettext.NullTranslations:
    short = _short(code)
    file = resources.files("studio_resources") / "translations" / short / f"{DOMAIN}.mo"
    if short == "en" or not file.is_file():
        return gettext.NullTranslations()
    try:
        with file.open("rb") as opened:
            return gettext.GNUTranslations(opened)
    except (OSError, UnicodeDecodeError):
        log.exception("the catalog of %s cannot be read", short)
        return gettext.NullTranslations()


@lru_cache(maxsize=8)
def _patterns(
    translations: gettext.NullTranslations,
) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Patterns of the texts that are filled in where they are said, and their translations.

    Those with the most words of their own come first: others would match more than they mean.
    """
    # The one thing that gettext has no function for: what a catalog holds.
    held: dict[object, str] = getattr(translations, "_catalog", {})
    start = f"{FILLED}\x04"
    found = {
        _pattern(key.removeprefix(start)): translation
        for key, translation in held.items()
        if isinstance(key, str) and key.startswith(start)
    }
    return tuple(sorted(found.items(), key=lambda each: len(each[0].pattern), reverse=True))


def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"\{\d+\}", text)
    return re.compile("(.+?)".join(re.escape(part.format()) for part in parts), re.DOTALL)
