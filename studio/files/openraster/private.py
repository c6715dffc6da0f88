"""What only Impasto reads: ``impasto/document.json`` and the entries that it names."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from studio.document.nodes import Guide, Text

RECORD = "impasto/document.json"
FORMAT = 1


def fingerprint(data: bytes) -> str:
    """By which a public picture is known to be unchanged."""
    return hashlib.sha256(data).hexdigest()


def dump(record: Mapping[str, Any]) -> bytes:
    """The record as text."""
    return json.dumps({"format": FORMAT, **record}, indent=1, default=str).encode()


def load(data: bytes) -> dict[str, Any]:
    """The record.

    Raises:
        ValueError: it is damaged or of a newer format.
    """
    record = json.loads(data)
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise ValueError("not a record that this version knows")
    return record


def text_record(text: Text) -> dict[str, Any]:
    """A text layer's words and looks."""
    return dataclasses.asdict(text)


def read_text(record: Any) -> Text | None:
    """The way back; None if it makes no sense."""
    try:
        color = tuple(int(value) for value in record["color"])
        if len(color) != 3:
            return None
        return Text(**{**record, "color": color})
    except (TypeError, KeyError, ValueError):
        return None


def guide_records(guides: tuple[Guide, ...]) -> list[list[Any]]:
    """Guides as plain values."""
    return [[guide.vertical, guide.position] for guide in guides]


def read_guides(record: Any) -> tuple[Guide, ...]:
    """The way back, leaving out what makes no sense."""
    return tuple(
        Guide(bool(item[0]), float(item[1]))
        for item in (record if isinstance(record, list) else ())
        if isinstance(item, list) and len(item) == 2 and isinstance(item[1], int | float)
    )
