"""Extracts the strings of the window, brings the catalogs up to date and compiles them.

    python .ci/translations.py update     # after strings have changed; then translate what is empty
    python .ci/translations.py compile    # after translating
    python .ci/translations.py missing    # what has no translation yet; exit code 1 if there is any

Strings are literals in ``tr("...")`` and ``N_("...")``, and what is translated when it is shown:
errors whose message and hint are literals, notes and steps of runs and trainings, titles of menus in
commands, and what the built-in plugins and samples declare (titles, help, categories, choices,
presets, trainers and their folders, galleries and the pictures in them). Of notes and steps with
something filled in, as ``f"Step {n}"``, it is the frame: ``Step {1}``, in the context ``filled``.
"""

from __future__ import annotations

import ast
import io
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

if TYPE_CHECKING:
    from studio.api.parameters import Parameters
    from studio.host.services import Services

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "resources" / "translations"
KEYWORDS = ("tr", "N_")
ERRORS = ("UserError", "TrainingError", "CheckpointError")
TOLD = ("progress", "note", "_note")
DOMAIN = "impasto"
FILLED = "filled"  # as in studio.qt.i18n


@cache
def nodes() -> tuple[tuple[ast.AST, str], ...]:
    """Every piece of the source that says anything, and its file."""
    return tuple(
        (node, path.relative_to(ROOT).as_posix())
        for folder in ("studio", "plugins")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call | ast.Assign)
    )


def constant(node: ast.AST) -> str | None:
    """The text of a literal; None for all else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def frame(node: ast.AST) -> str | None:
    """The text of an f-string with ``{1}``, ``{2}``... where it is filled in; None for all else."""
    if not isinstance(node, ast.JoinedStr):
        return None
    text, count = "", 0
    for part in node.values:
        if (literal := constant(part)) is not None:
            text += literal.replace("{", "{{").replace("}", "}}")
        else:
            count += 1
            text += f"{{{count}}}"
    return text if any(letter.isalpha() for letter in text) else None


def calls() -> Iterator[tuple[str, list[str | None], str, int]]:
    """Function, constant texts among the arguments (None for others), file and line of every call."""
    for node, name in nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            function = node.func
            called = function.id if isinstance(function, ast.Name) else function.attr
            yield called, [constant(part) for part in node.args], name, node.lineno


def literals() -> Iterator[tuple[str, str, int]]:
    """Text, file and line of every marked literal."""
    for function, texts, name, line in calls():
        if function in KEYWORDS and texts and texts[0] is not None:
            yield texts[0], name, line


def errors() -> Iterator[tuple[str, str]]:
    """Text and file of errors without anything filled in; the command line has English only."""
    for function, texts, name, _line in calls():
        # With one part in English, the other stays so too.
        if function in ERRORS and None not in texts and not name.startswith("studio/cli/"):
            yield from ((text, name) for text in texts if text)


def said() -> Iterator[tuple[ast.AST, str]]:
    """What runs and trainings say of themselves, and the file."""
    for node, name in nodes():
        if not name.startswith(("studio/host/", "studio/nn/", "plugins/")):
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            function = node.func
            called = function.id if isinstance(function, ast.Name) else function.attr
            if called in TOLD:
                yield from ((part, name) for part in node.args)
        elif isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Attribute) and target.attr == "message"
            for target in node.targets
        ):  # run.message = "Starting"
            yield node.value, name


def told() -> Iterator[tuple[str, str]]:
    """Text and file of what runs and trainings say of themselves, if nothing is filled in."""
    for node, name in said():
        if text := constant(node):
            yield text, name


def filled() -> Iterator[tuple[str, str]]:
    """Frame and file of what they say with something filled in."""
    for node, name in said():
        if text := frame(node):
            yield text, name


def declared() -> Iterator[tuple[str, str]]:
    """Text and origin of what commands, plugins and samples declare."""
    from studio.host.services import build_services
    from studio.qt.areas import AREAS
    from studio_resources.samples import samples

    for area in AREAS:
        for command in area.commands:
            for part in command.menu.split("/")[1:]:
                yield part, f"menu of {command.id}"
    nowhere = FOLDER / "no-such-folder"
    services = build_services(nowhere, nowhere, nowhere)
    for operation in services.registry.operations():
        origin = operation.id
        yield from ((text, origin) for text in (operation.title, operation.menu, operation.help))
        yield from ((preset.title, origin) for preset in operation.presets)
        yield from ((follow_up.title, origin) for follow_up in operation.follow_ups)
        yield from of_form(operation.parameters, origin)
    yield from of_training(services)
    yield from of_galleries(services)
    services.jobs.close(10)
    yield from ((sample.title, "samples") for sample in samples())


def of_form(parameters: type[Parameters], origin: str) -> Iterator[tuple[str, str]]:
    """Text and origin of what a form shows."""
    from studio.api.parameters import describe

    for spec in describe(parameters):
        yield from ((text, f"{origin}.{spec.name}") for text in (spec.title, spec.help))
        yield from ((choice.title, f"{origin}.{spec.name}") for choice in spec.choices)


def of_training(services: Services) -> Iterator[tuple[str, str]]:
    """Text and origin of what trainers declare."""
    for trainer in services.registry.trainers():
        origin = f"train {trainer.id}"
        yield from ((text, origin) for text in (trainer.title, trainer.help))
        for folder in trainer.folders:
            yield from ((text, origin) for text in (folder.title, folder.help))
        yield from of_form(trainer.parameters, origin)


def of_galleries(services: Services) -> Iterator[tuple[str, str]]:
    """Text and origin of the galleries' names and of those of the pictures that come with them."""
    for gallery in services.registry.galleries():
        origin = f"gallery {gallery.id}"
        yield gallery.title, origin
        pictures = services.galleries.pictures(gallery.id)
        yield from ((picture.title, origin) for picture in pictures if not picture.own)


def template() -> Catalog:
    """Every string that can be translated."""
    catalog = Catalog(project="Impasto", charset="utf-8", fuzzy=False)
    for text, file, line in sorted(literals(), key=lambda found: found[1:]):
        if text:
            catalog.add(text, locations=[(file, line)])
    for text, origin in (*errors(), *told(), *declared()):
        if text:
            catalog.add(text, auto_comments=[origin])
    for text, origin in filled():
        catalog.add(text, auto_comments=[origin], context=FILLED)
    return catalog


def read(path: Path) -> Catalog:
    """A catalog of the repository."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.name, domain=DOMAIN)


def catalogs() -> list[Path]:
    """The catalogs there are."""
    return sorted(FOLDER.glob(f"*/{DOMAIN}.po"))


def write(path: Path, catalog: Catalog) -> None:
    """Write a catalog such that unchanged strings make no difference."""
    made = io.BytesIO()
    # Without line numbers and dates, which would change with every edit of the source.
    write_po(made, catalog, sort_output=True, no_location=True, omit_header=False, width=100)
    path.write_bytes(made.getvalue())


def compiled(catalog: Catalog) -> bytes:
    """The catalog in the form that is loaded."""
    made = io.BytesIO()
    write_mo(made, catalog)
    return made.getvalue()


def missing(catalog: Catalog, wanted: Catalog) -> list[str]:
    """What a catalog does not translate, or not for sure."""
    lost = []
    for message in wanted:
        if message.id:
            found = catalog.get(message.id, message.context)
            if found is None or not found.string or found.fuzzy:
                lost.append(str(message.id))
    return lost


def update() -> None:
    """Bring every catalog up to date with the source; translations are kept."""
    wanted = template()
    for path in catalogs():
        catalog = read(path)
        created = catalog.creation_date
        catalog.update(wanted, no_fuzzy_matching=True)
        catalog.creation_date = created  # or every update would be a change
        catalog.last_translator = catalog.language_team = "Impasto"
        catalog.msgid_bugs_address = ""
        catalog.obsolete.clear()
        write(path, catalog)


def compile_all() -> None:
    """Write the compiled form of every catalog beside it."""
    for path in catalogs():
        path.with_suffix(".mo").write_bytes(compiled(read(path)))


def main(arguments: list[str]) -> int:
    """Run one of the commands above."""
    if arguments == ["update"]:
        update()
        compile_all()
    elif arguments == ["compile"]:
        compile_all()
    elif arguments == ["missing"]:
        wanted = template()
        lost = {path.parent.name: missing(read(path), wanted) for path in catalogs()}
        for language, texts in lost.items():
            for text in texts:
                sys.stdout.write(f"{language}: {text!r}\n")
        return 1 if any(lost.values()) else 0
    else:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
