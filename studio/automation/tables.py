"""Lists that show themselves as tables: the history of a picture, and all operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from studio.api.curves import to_text
from studio.api.operation import Operation
from studio.api.parameters import ParameterSpec, describe
from studio.automation import display
from studio.document import Document, Step


class History(Sequence[Step]):
    """The steps of a picture, oldest first; those that were undone come after the present.

    Each has a ``title`` and, if a model made it, the ``record`` of how.

    Args:
        document: of the picture.
    """

    def __init__(self, document: Document) -> None:
        self._document = document

    @property
    def position(self) -> int:
        """How many steps are done."""
        return self._document.history.position

    def __len__(self) -> int:
        return len(self._document.history.steps)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | Sequence[Step]:
        return self._document.history.steps[index]

    def _rows(self) -> list[tuple[str, str, str]]:
        return [
            (str(number), step.title, "" if number <= self.position else "undone")
            for number, step in enumerate(self, 1)
        ]

    def __repr__(self) -> str:
        rows = [" ".join(cell for cell in row if cell) for row in self._rows()]
        return "\n".join(rows) or "Nothing was done yet."

    def _repr_html_(self) -> str:
        return display.table(("Step", "What was done", ""), self._rows())


class Operations(Sequence[Operation]):
    """Operations by their ids; one alone shows its parameters.

    Args:
        operations: which.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._operations = tuple(operations)

    def __len__(self) -> int:
        return len(self._operations)

    @overload
    def __getitem__(self, index: int) -> Operation: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Operation]: ...
    def __getitem__(self, index: int | slice) -> Operation | Sequence[Operation]:
        return self._operations[index]

    def _table(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        if len(self) == 1:
            specs = describe(self[0].parameters)
            rows = [(s.name, _allowed(s), _text(s.default), s.help or s.title) for s in specs]
            return ("Parameter", "Allowed", "Default", "What it does"), list(rows)
        operations = [(each.id, each.title, each.help) for each in self]
        return ("Operation", "Title", "What it does"), list(operations)

    def _heading(self) -> str:
        return f"{self[0].id}: {self[0].title}. {self[0].help}" if len(self) == 1 else ""

    def __repr__(self) -> str:
        heading, rows = self._table()
        lines = [heading, *rows]
        widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
        texts = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        ]
        return "\n".join([*filter(None, [self._heading()]), *texts])

    def _repr_html_(self) -> str:
        heading, rows = self._table()
        title = self._heading()
        return (f"<p>{display.escape(title)}</p>" if title else "") + display.table(heading, rows)


def _allowed(spec: ParameterSpec) -> str:
    if spec.choices:
        return " | ".join(choice.value for choice in spec.choices)
    if spec.minimum is not None:
        return f"{spec.minimum:g} to {spec.maximum:g} {spec.unit}".rstrip()
    return spec.kind


def _text(value: Any) -> str:
    return to_text(value) if isinstance(value, tuple) else "" if value is None else str(value)
