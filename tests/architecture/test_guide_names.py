"""What the guide names is there: hooks, fields, arguments, modules, commands and their flags."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from studio import api
from studio.api import hookspecs, parameters
from studio.api.testing import RULES
from studio.cli.root import COMMANDS, root
from studio.cli.session import Session
from studio.nn import training

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "plugins" / "README.md").read_text(encoding="utf-8")
# Without code, but with what is typed into a terminal.
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TEXT = BLOCK.sub(lambda block: block[2] if block[1] == "sh" else "", GUIDE)


def fields(record: type) -> set[str]:
    """What a record or model is made of."""
    if dataclasses.is_dataclass(record):
        return {field.name for field in dataclasses.fields(record)}
    return set(record.model_fields)  # type: ignore[attr-defined]  # a pydantic model


def members(record: type) -> set[str]:
    """What a protocol has."""
    return {name for name in (*vars(record), *record.__annotations__) if name[0] != "_"}


HOOKS = {name for name, hook in vars(hookspecs).items() if hasattr(hook, "impasto_spec")}
# Section and first words of the table's heading, and what its first column may name.
TABLES = {
    ("The module", "hook"): HOOKS,
    ("Operation", "field"): fields(api.Operation),
    ("Parameters", "function"): {*api.__all__},
    ("Context", "member"): members(api.Context),
    ("Models", "field of `ModelCard`"): fields(api.ModelCard),
    ("Galleries", "field of `Gallery`"): fields(api.Gallery),
    ("Checkpoints that users bring", "field"): fields(api.CheckpointLoader),
    ("Models that users train", "field of `Trainer`"): fields(api.Trainer),
    ("Models that users train", "field of `Folder`"): fields(api.Folder),
    ("Models that users train", "member of `TrainingContext`"): members(training.TrainingContext),
    ("Testing", "rule"): set(RULES),
}


def tables() -> Iterator[tuple[str, str, list[str]]]:
    """Section, heading and first column of every table of names."""
    section, heading, column = "", "", []
    for line in [*TEXT.splitlines(), ""]:
        if line.startswith("#"):
            section = line.lstrip("# ")
        if line.startswith("|"):
            cell = line.split("|")[1].strip()
            if not heading:
                heading = cell
            elif cell.strip("-"):
                column.append(cell)
        elif heading:
            yield section, heading, column
            heading, column = "", []


def test_every_table_is_of_something_that_is_there():
    found = {(section, heading): column for section, heading, column in tables()}
    assert set(TABLES) <= set(found)
    for key, known in TABLES.items():
        named = {
            re.match(r"[\w-]+", name)[0]  # type: ignore[index]  # every row begins with a name
            for cell in found[key]
            for name in re.findall(r"`([^`]+)`", cell)
        }
        assert named, key
        assert named <= known, f"{key}: {named - known}"


def test_what_each_kind_of_parameter_takes():
    section = TEXT.partition("\n## Parameters\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)\((.*)\|$", section, flags=re.MULTILINE)
    assert len(rows) >= 12
    for function, row in rows:
        last = re.split(r"(?<!\\)\|", row)[-1]
        named = set(re.findall(r"`(\w+)`", re.split(r"[.:;]", last)[0])) - {"None"}
        known = inspect.signature(getattr(api, function)).parameters
        assert named <= {*known}, f"{function}: {named - {*known}}"


def test_every_reserved_name_is_one():
    (line,) = re.findall(r"cannot be fields:\s+(.*)\.", TEXT)
    assert set(re.findall(r"`(\w+)`", line)) == parameters.RESERVED


def test_every_module_and_public_name_is_there():
    found = set(re.findall(r"studio\.(?:api|nn)(?:\.\w+)+", TEXT))
    assert len(found) > 8
    for name in found:
        module, _, attribute = name.rpartition(".")
        try:
            importlib.import_module(name)
        except ModuleNotFoundError:
            assert hasattr(importlib.import_module(module), attribute), f"there is no {name}"


def test_every_member_of_the_context_is_there():
    found = set(re.findall(r"\bcontext\.(\w+)", GUIDE))
    known = {*members(api.Context), *members(training.TrainingContext)}
    assert len(found) > 10
    assert found <= known, found - known


def commands() -> list[str]:
    """Every line of ours: in a block, or between backticks."""
    blocks = re.findall(r"^(impasto [^#\n]*)", TEXT, flags=re.MULTILINE)
    return sorted({line.strip() for line in [*blocks, *re.findall(r"`(impasto [^`]+)`", TEXT)]})


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Session:
    """With the guide's own examples dropped in."""
    deblock = ROOT / "tests" / "third_party" / "impasto-deblock" / "src"
    for path in (*(ROOT / "tests" / "guide").iterdir(), deblock / "impasto_deblock"):
        if not path.name.startswith(("test_", "_")):
            (tmp_path / path.name).symlink_to(path)
    monkeypatch.setenv("IMPASTO_PLUGINS", str(tmp_path))
    monkeypatch.syspath_prepend(deblock)
    return Session()


def resolve(session: Session, words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that words lead to, and the words behind it."""
    command: click.Command = root
    ctx = click.Context(root, obj=session)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        if words[0].isupper():
            break  # ID: any
        found = command.get_command(ctx, words[0])
        assert found, f"there is no {words[0]}"
        ctx = click.Context(found, parent=ctx, obj=session)
        command, words = found, words[1:]
    return command, words


def flags(command: click.Command) -> set[str]:
    """What a command can be given."""
    options = (p for p in command.params if isinstance(p, click.Option))
    return {"-h", "--help"} | {
        name for option in options for name in (*option.opts, *option.secondary_opts)
    }


def test_every_command_and_its_flags_are_there(session: Session):
    assert len(commands()) > 12
    for line in commands():
        command, rest = resolve(session, shlex.split(line)[1:])
        if isinstance(command, click.Group) and rest:  # of any operation or trainer
            ctx = click.Context(command, obj=session)
            command = command.get_command(ctx, command.list_commands(ctx)[0]) or command
        used = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
        assert used <= flags(command), f"{line}: {used - flags(command)}"


def test_every_flag_that_stands_alone_is_there(session: Session):
    known: set[str] = set()
    for name in COMMANDS:
        command, _ = resolve(session, [name])
        known |= flags(command)
        if isinstance(command, click.Group):
            ctx = click.Context(command, obj=session)
            for sub in command.list_commands(ctx):
                found = command.get_command(ctx, sub)
                assert found
                known |= flags(found)
    alone = set(re.findall(r"`(--[a-z-]+)", TEXT)) - {"--from"}  # an example of a name
    assert len(alone) > 5
    assert alone <= known, alone - known
