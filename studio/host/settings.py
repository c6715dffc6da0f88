"""What a user chose, kept between starts.

One JSON file in the user's configuration folder. A file that cannot be read is set aside, never
overwritten, and the values in it that make sense are kept.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, BinaryIO, ClassVar, Literal, Self

import platformdirs
from psygnal import Signal
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from studio.api.errors import UserError

Theme = Literal["system", "dark", "light"]
Precision = Literal["auto", "float32"]

RECENT_FILES = 20
_FILE = "settings.json"
_log = logging.getLogger(__name__)


def settings_folder() -> Path:
    """Folder of the settings: ``IMPASTO_CONFIG``, or the user's configuration folder."""
    override = os.environ.get("IMPASTO_CONFIG")
    if override:
        return Path(override)
    return platformdirs.user_config_path("impasto", appauthor=False)


class Settings(BaseModel):
    """The settings, read as attributes and changed with `update`.

    Signals:
        changed: a frozenset of the names that changed, after the file is written.

    Attributes:
        theme: colours of the window.
        device: where operations compute: ``auto``, ``cpu``, ``cuda``, ``cuda:N``, ``mps`` or ``xpu``.
        precision: ``auto`` lets the device choose, ``float32`` is slower and exact.
        history_budget_mb: memory that undo may hold, in mebibytes.
        max_megapixels: larger pictures are not opened.
        autosave_seconds: how long a change may wait to be kept for recovery.
        keep_backup: whether saving keeps the file that it replaces, under its name and ``~``.
        recent_files: paths, newest first, at most `RECENT_FILES`.
        last_folder: where the file dialogs start.
        parameters: remembered values by operation id.
        tools: remembered values by tool id, and the colours.
        geometry: size and place of the window, in Qt's own form, base64.
        window_state: its panels and toolbars, in Qt's own form, base64.
        exports: remembered options by format name.
        monitor_profile: path of an ICC profile of the monitor; empty asks the system.
        disabled_plugins: names of plugins that are found and not loaded.
        isolated_plugins: names of plugins that run in a process of their own.
        language: of the window: ``system``, or a code such as ``de``.
        shortcuts: keys that the user chose, by command id, in Qt's portable text.
    """

    # A newer version's settings survive an older version, hence the extra fields.
    model_config = ConfigDict(frozen=True, extra="allow")
    changed: ClassVar[Signal] = Signal(frozenset)

    theme: Theme = "system"
    device: Annotated[str, Field(pattern=r"^(auto|cpu|mps|xpu(:\d+)?|cuda(:\d+)?)$")] = "auto"
    precision: Precision = "auto"
    history_budget_mb: Annotated[int, Field(ge=16)] = 1024
    max_megapixels: Annotated[int, Field(ge=1)] = 300
    autosave_seconds: Annotated[int, Field(ge=1, le=30)] = 10
    keep_backup: bool = False
    recent_files: tuple[str, ...] = ()
    last_folder: str = ""
    parameters: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    tools: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    geometry: str = ""
    window_state: str = ""
    exports: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    monitor_profile: str = ""
    disabled_plugins: tuple[str, ...] = ()
    isolated_plugins: tuple[str, ...] = ()
    language: Annotated[str, Field(pattern=r"^(system|[a-z]{2,3})$")] = "system"
    shortcuts: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)

    _path: Path | None = PrivateAttr(None)
    _problem: str = PrivateAttr("")

    @classmethod
    def load(cls, folder: Path | None = None) -> Self:
        """Read the settings of ``folder``, or of the user; defaults where there are none.

        Never fails: `problem` says what could not be read.
        """
        path = (folder or settings_folder()) / _FILE
        values, problem = _read(path)
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            wrong = {str(item["loc"][0]) for item in error.errors()}
            problem = f"{path} has values that do not fit: {', '.join(sorted(wrong))}."
            settings = cls.model_validate({k: v for k, v in values.items() if k not in wrong})
        if problem:
            problem += _set_aside(path)
            _log.warning(problem)
        settings._path = path
        settings._problem = problem
        return settings

    @property
    def path(self) -> Path | None:
        """The file that `update` writes; None for settings that were not loaded from a folder."""
        return self._path

    @property
    def problem(self) -> str:
        """What went wrong with the file, for the user to read; empty if nothing."""
        return self._problem

    def update(self, **changes: Any) -> None:
        """Change settings by name, write the file and tell the listeners.

        A file that cannot be written is reported by `problem` and costs nothing but its being
        remembered: no setting is worth failing what the user is doing.

        Raises:
            UserError: if a name is unknown or a value does not fit; nothing changes then.
        """
        unknown = changes.keys() - type(self).model_fields.keys()
        if unknown:
            known = ", ".join(sorted(type(self).model_fields))
            raise UserError(
                f"No such setting: {', '.join(sorted(unknown))}.", f"Settings: {known}."
            )
        try:
            new = type(self).model_validate({**self.model_dump(), **changes})
        except ValidationError as error:
            problems = "; ".join(f"{item['loc'][0]}: {item['msg']}" for item in error.errors())
            raise UserError(f"Settings do not fit: {problems}.") from error
        names = frozenset(name for name in changes if getattr(self, name) != getattr(new, name))
        if not names:
            return
        self.__dict__.update(new.__dict__)
        self._write()
        self.changed.emit(names)

    def remember_file(self, path: Path) -> None:
        """Put a path first among the recent files, and its folder where dialogs start."""
        name = str(path.absolute())
        rest = (other for other in self.recent_files if other != name)
        recent = (name, *rest)[:RECENT_FILES]
        self.update(recent_files=recent, last_folder=str(path.absolute().parent))

    def remember_parameters(self, operation_id: str, values: Mapping[str, Any]) -> None:
        """Keep the values (JSON) that an operation was last run with."""
        self.update(parameters={**self.parameters, operation_id: dict(values)})

    def remember_tool(self, tool_id: str, values: Mapping[str, Any]) -> None:
        """Keep the values (JSON) that a tool was last used with."""
        self.update(tools={**self.tools, tool_id: dict(values)})

    def set_disabled(self, name: str, disabled: bool) -> None:
        """Leave a plugin alone from now on, or load it again."""
        others = tuple(other for other in self.disabled_plugins if other != name)
        self.update(disabled_plugins=(*others, name) if disabled else others)

    def set_isolated(self, name: str, isolated: bool) -> None:
        """Have a plugin run in a process of its own from its next run on, or in this one."""
        others = tuple(other for other in self.isolated_plugins if other != name)
        self.update(isolated_plugins=(*others, name) if isolated else others)

    def _write(self) -> None:
        if self._path is None:
            return
        from studio.files.atomic import replace_file

        text = json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False)

        def write(file: BinaryIO) -> None:
            file.write(text.encode())

        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._path, write)
        except (OSError, UserError) as error:
            self._problem = f"The settings cannot be kept in {self._path}: {error}"
            _log.warning(self._problem)
        else:
            self._problem = ""


def _read(path: Path) -> tuple[dict[str, Any], str]:
    """The values of the file, and what was wrong with it."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, ""
    except (OSError, ValueError) as error:
        return {}, f"{path} cannot be read: {error}."
    if not isinstance(values, dict):
        return {}, f"{path} does not hold settings."
    return values, ""


def _set_aside(path: Path) -> str:
    """Keep a copy of the broken file beside it, and say so."""
    kept = path.with_name("settings.broken.json")
    try:
        path.replace(kept)
    except OSError:
        return " Defaults are used."
    return f" Defaults are used for what was lost; the file is kept as {kept.name}."
