"""What became of a batch, as a file for other programs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from studio.api.errors import UserError
from studio.files.atomic import replace_file
from studio.host.batch.batch import Summary
from studio.host.batch.items import Outcome
from studio.host.batch.places import Place
from studio.host.recipes.model import Recipe

SUFFIXES = (".csv", ".json")
COLUMNS = (
    "input",
    "output",
    "state",
    "width",
    "height",
    "seconds",
    "seeds",
    "message",
    "hint",
    "notes",
    "sha256",
)


def check_report(path: Path) -> None:
    """Refuse a name that says neither CSV nor JSON, or lies in no folder.

    Raises:
        UserError: before a batch is run in vain.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(f"{path} is no name of a report.", "It ends with .csv or .json.")
    if not path.parent.is_dir():
        raise UserError(f"There is no folder {path.parent}.", "Make it first, or name another.")


def write_report(path: Path, recipe: Recipe, folder: Place, summary: Summary) -> None:
    """Write one row for each picture: CSV or JSON, as the suffix says.

    Raises:
        UserError: if it cannot be written.
    """
    rows = [as_row(outcome, folder) for outcome in summary.outcomes]
    if path.suffix.lower() == ".csv":
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, COLUMNS)
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
        data = text.getvalue()
    else:
        counts = {state: len(summary.of(state)) for state in ("done", "skipped", "failed")}
        whole = {
            "recipe": recipe.name,
            "recipe_sha256": recipe.digest,
            **counts,
            "cancelled": summary.cancelled,
            "seconds": round(summary.seconds, 3),
            "pictures": rows,
        }
        data = json.dumps(whole, ensure_ascii=False, indent=2) + "\n"
    replace_file(path, lambda file: _put(file, data))


def as_row(outcome: Outcome, folder: Place) -> dict[str, Any]:
    """An outcome by column."""
    width, height = outcome.size or (None, None)
    values = (
        outcome.item.source,
        str(folder / outcome.item.output),
        outcome.state,
        width,
        height,
        round(outcome.seconds, 3),
        list(outcome.seeds),
        outcome.message,
        outcome.hint,
        list(outcome.notes),
        outcome.sha256,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _put(file: Any, text: str) -> None:
    file.write(text.encode())


def _cell(value: Any) -> Any:
    """A cell of a table; text that a spreadsheet would take for a formula begins with a quote."""
    if isinstance(value, list):
        value = " ".join(str(each) for each in value)
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@"):
        return f"'{value}"
    return value
