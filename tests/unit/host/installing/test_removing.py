from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from studio.api.errors import UserError
from studio.host.candidates import candidates
from studio.host.installing import plan_removal, remove
from studio.host.plugin_records import PluginRecord, records
from studio.host.plugins import load


def dropped_in(tmp_path: Path) -> tuple[PluginRecord, ...]:
    return records(load([c for c in candidates(tmp_path) if c.path is not None]))


@pytest.mark.parametrize("name", ["light", "light.py"])
def test_a_dropped_in_plugin_is_kept_elsewhere(tmp_path: Path, name: str):
    path = tmp_path / name
    if path.suffix:
        path.write_text("mine = 1")
    else:
        path.mkdir()
        (path / "__init__.py").write_text("mine = 1")
    removal = plan_removal(dropped_in(tmp_path), "light")
    assert (removal.path, removal.command) == (path, ())
    assert path.exists()
    remove(removal)
    assert not path.exists()
    kept = removal.kept_at
    assert kept is not None
    assert kept.is_relative_to(os.environ["IMPASTO_DATA"])
    assert kept.suffix == path.suffix
    source = kept / "__init__.py" if kept.is_dir() else kept
    assert source.read_text() == "mine = 1"


def test_a_package_goes_with_all_its_plugins():
    rows = [
        PluginRecord(name, name, "loaded", "package", "", distribution="Impasto_Pair")
        for name in ("one", "two")
    ]
    removal = plan_removal(rows, "impasto-pair")
    assert removal.plugins == ("one", "two")
    assert removal.command == (
        *(sys.executable, "-m", "pip", "uninstall", "--yes", "Impasto_Pair"),
    )
    assert plan_removal(rows, "two") == removal


def test_what_comes_with_impasto_stays():
    row = PluginRecord("inpainting", "Inpainting", "loaded", "built-in", "", "impasto")
    with pytest.raises(UserError, match="comes with Impasto") as raised:
        plan_removal([row], "inpainting")
    assert raised.value.hint == "Disable it: impasto plugins disable inpainting"
    with pytest.raises(UserError, match="no plugin impasto"):
        plan_removal([row], "impasto")
