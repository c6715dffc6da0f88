"""Loading what was installed in a fresh process: this one may hold older versions of it.

The process prints the records of plugins as one line of JSON, after whatever they print themselves.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable

from packaging.utils import canonicalize_name
from pydantic import TypeAdapter

from studio.api.errors import UserError
from studio.host.candidates import candidates, plugin_folder
from studio.host.isolation.standing_in import stand_ins
from studio.host.plugin_records import PluginRecord, records
from studio.host.plugins import load
from studio.host.settings import Settings

SECONDS = 120.0
_RECORDS = TypeAdapter(tuple[PluginRecord, ...])


def look(distributions: Iterable[str]) -> tuple[PluginRecord, ...]:
    """The plugins that packages bring, loaded as at the next start, those that fail included.

    Raises:
        UserError: if a plugin takes the whole process down.
    """
    # An empty folder holds nothing that could be imported by mistake.
    with tempfile.TemporaryDirectory(prefix="impasto-look-") as empty:
        try:
            done = subprocess.run(  # noqa: S603  # our own module
                [sys.executable, "-m", __name__, *distributions],
                cwd=empty,
                env={**os.environ, "PYTHONIOENCODING": "utf-8"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UserError(
                f"Loading the plugin took more than {SECONDS:.0f} seconds.",
                "Remove it again: impasto plugins remove NAME",
            ) from None
    lines = done.stdout.splitlines()
    if done.returncode != 0 or not lines:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise UserError(
            f"The plugin took its process down (exit code {done.returncode}): {last}",
            "Remove it again, or disable it: impasto plugins disable NAME",
        )
    return _RECORDS.validate_json(lines[-1])


def main(names: Iterable[str]) -> None:
    """Print the records of the plugins that these packages bring."""
    wanted = {canonicalize_name(name) for name in names}
    settings = Settings.load()
    there = stand_ins(candidates(plugin_folder()), settings.isolated_plugins)
    found = tuple(
        each
        for each in records(load(there, disabled=settings.disabled_plugins))
        if each.distribution and canonicalize_name(each.distribution) in wanted
    )
    print("\n" + _RECORDS.dump_json(found).decode())  # noqa: T201 - the channel to the parent


if __name__ == "__main__":
    main(sys.argv[1:])
