"""The commands around the model store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

DATA = b"weights of the test model"

pytestmark = pytest.mark.usefixtures("testkit")


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """The file that the test model is fetched from."""
    path = tmp_path / "source" / "tiny.safetensors"
    path.parent.mkdir()
    path.write_bytes(DATA)
    monkeypatch.setenv("TESTKIT_WEIGHTS", str(path))
    return path


def states(impasto):
    return {
        each["id"]: each["status"] for each in json.loads(impasto("models", "list", "--json").out)
    }


def test_fetching_lists_locates_and_verifies(impasto, weights):
    assert states(impasto)["tiny"] == "missing"
    missing = impasto("models", "path", "tiny")
    assert missing.code == 1
    assert "Hint: Run: impasto models fetch tiny" in missing.err
    assert impasto("models", "fetch", "tiny").code == 0
    assert states(impasto)["tiny"] == "cached"
    located = Path(impasto("models", "path", "tiny").out.strip())
    assert located.read_bytes() == DATA
    assert str(located).startswith(impasto("models", "path").out.strip())
    assert impasto("models", "verify", "tiny").code == 0
    weights.unlink()
    assert impasto("models", "fetch", "tiny").code == 0


def test_the_list_shows_state_size_and_licence(impasto, weights):
    found = impasto("models", "list", "--task", "test-task")
    assert found.code == 0
    assert "stranger" not in found.out
    line = next(line for line in found.out.splitlines() if line.startswith("tiny"))
    assert line.split() == ["tiny", "test-task", "missing", "25", "B", "CC0-1.0"]


def test_damage_is_found_and_repaired(impasto, weights):
    impasto("models", "fetch", "tiny")
    located = Path(impasto("models", "path", "tiny").out.strip())
    located.chmod(0o644)
    located.write_bytes(b"WEIGHTS of the test model")
    found = impasto("models", "verify", "tiny")
    assert found.code == 1
    assert "damaged" in found.err
    assert "models verify --repair" in found.err
    listed = json.loads(impasto("models", "verify", "tiny", "--json").out)
    assert listed[0]["status"] == "corrupt"
    assert impasto("models", "verify", "tiny", "--repair").code == 0
    assert located.read_bytes() == DATA


def test_a_source_with_other_bytes_fails_and_goes_on_with_the_next(impasto, weights):
    weights.write_bytes(b"something of another sort")
    found = impasto("models", "fetch", "tiny", "stranger")
    assert found.code == 1
    assert found.err.count("Error:") == 2
    assert states(impasto)["tiny"] == "missing"


@pytest.mark.parametrize("command", ["fetch", "verify", "path"])
def test_unknown_models_are_bad_usage_with_close_ids(impasto, weights, command):
    found = impasto("models", command, "tiney")
    assert found.code == 2
    assert found.error_lines == ["Error: There is no model tiney.", "Hint: Did you mean tiny?"]


def test_an_unknown_task_is_bad_usage(impasto, weights):
    found = impasto("models", "list", "--task", "cooking")
    assert found.code == 2
    assert "test-task" in found.err


def test_checkpoints_are_imported_and_stay(impasto, tmp_path):
    good, bad = tmp_path / "My Net.onnx", tmp_path / "other.onnx"
    good.write_bytes(b"testkit network")
    bad.write_bytes(b"something else")
    found = impasto("models", "import", bad, good, tmp_path / "missing.onnx")
    assert found.code == 1
    assert found.out == "my-net  (A network for tests)\n"
    assert found.err.count("Error:") == 2
    assert states(impasto)["my-net"] == "cached"
    again = json.loads(impasto("models", "import", good, "--json").out)
    assert (again["id"], again["imported"], again["task"]) == ("my-net", True, "test-task")


def test_the_task_of_a_checkpoint_can_be_named(impasto, tmp_path):
    path = tmp_path / "My Net.onnx"
    path.write_bytes(b"testkit network")
    assert impasto("models", "import", path, "--task", "super-resolution").code == 1
    assert impasto("models", "import", path, "--task", "test-task").code == 0
    found = impasto("models", "import", path, "--task", "cooking")
    assert found.code == 2
    assert "test-task" in found.err
