"""What can be set about a tool: declared once, remembered, shown as a row of controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from studio.host.settings import Settings

Value = float | bool | str


@dataclass(frozen=True)
class Number:
    """A number; titles are marked with N_.

    Attributes:
        id: its name.
        title: its label.
        default: at first.
        minimum: smallest.
        maximum: largest.
        unit: behind the number.
        decimals: digits after the point.
        slider: whether there is a slider beside the number.
        tip: tool tip, marked with N_.
    """

    id: str
    title: str
    default: float
    minimum: float = 0
    maximum: float = 100
    unit: str = " %"
    decimals: int = 0
    slider: bool = False
    tip: str = ""

    def checked(self, value: object) -> float:
        """The value inside the range; the default for anything else."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self.default
        return min(max(float(value), self.minimum), self.maximum)


@dataclass(frozen=True)
class Flag:
    """A switch."""

    id: str
    title: str
    default: bool = False
    tip: str = ""

    def checked(self, value: object) -> bool:
        """The value; the default for what is none."""
        return value if isinstance(value, bool) else self.default


@dataclass(frozen=True)
class Choice:
    """One of several; ``choices`` are titles marked with N_, by value."""

    id: str
    title: str
    default: str
    choices: Mapping[str, str]
    tip: str = ""

    def checked(self, value: object) -> str:
        """The value; the default for what is none."""
        return value if isinstance(value, str) and value in self.choices else self.default


Field = Number | Flag | Choice


class Values(QObject):
    """The values of one tool.

    Args:
        tool_id: under which they are remembered.
        fields: what there is.
        settings: where they are remembered.

    Signals:
        changed: the name of what has another value.
    """

    changed = Signal(str)

    def __init__(
        self, tool_id: str, fields: Sequence[Field], settings: Settings, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.fields = tuple(fields)
        self._tool_id, self._settings = tool_id, settings
        self._by_id = {field.id: field for field in fields}
        stored = settings.tools.get(tool_id, {})
        self._values: dict[str, Value] = {f.id: f.checked(stored.get(f.id)) for f in fields}

    def __contains__(self, id: str) -> bool:
        """Whether there is such a value."""
        return id in self._values

    def number(self, id: str) -> float:
        """The value of a `Number`."""
        return float(self._values[id])

    def flag(self, id: str) -> bool:
        """The value of a `Flag`."""
        return bool(self._values[id])

    def text(self, id: str) -> str:
        """The value of a `Choice`."""
        return str(self._values[id])

    def set(self, id: str, value: Value) -> None:
        """Change one; a number is moved into its range."""
        value = self._by_id[id].checked(value)
        if value != self._values[id]:
            self._values[id] = value
            self.changed.emit(id)

    def save(self) -> None:
        """Remember them for the next start."""
        self._settings.remember_tool(self._tool_id, self._values)
