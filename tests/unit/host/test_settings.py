from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.api.errors import UserError
from studio.host.settings import RECENT_FILES, Settings, settings_folder


def test_defaults_without_a_file(tmp_path: Path):
    found = Settings.load(tmp_path / "nowhere")
    assert found.theme == "system"
    assert found.max_megapixels == 300
    assert found.problem == ""
    assert not (tmp_path / "nowhere").exists()


def test_folder_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("IMPASTO_CONFIG", str(tmp_path))
    assert settings_folder() == tmp_path
    assert Settings.load().path == tmp_path / "settings.json"
    monkeypatch.delenv("IMPASTO_CONFIG")
    assert settings_folder().name == "impasto"


def test_update_is_kept_and_told(tmp_path: Path):
    first = Settings.load(tmp_path)
    told: list[tuple[frozenset[str], str]] = []
    first.changed.connect(lambda names: told.append((names, first.theme)))
    first.update(theme="dark", device="auto")
    assert told == [(frozenset({"theme"}), "dark")]
    assert Settings.load(tmp_path).theme == "dark"


def test_update_without_a_change_writes_nothing(tmp_path: Path):
    found = Settings.load(tmp_path)
    found.update(theme="system")
    assert list(tmp_path.iterdir()) == []


def test_settings_without_a_folder_live_in_memory(tmp_path: Path):
    found = Settings()
    found.update(theme="light")
    assert found.theme == "light"
    assert found.path is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"theem": "dark"}, "No such setting: theem"),
        ({"theme": "pink"}, "theme"),
        ({"device": "cuda:x"}, "device"),
        ({"max_megapixels": 0}, "max_megapixels"),
    ],
)
def test_wrong_changes_change_nothing(tmp_path: Path, changes: dict[str, object], words: str):
    found = Settings.load(tmp_path)
    with pytest.raises(UserError, match=words):
        found.update(history_budget_mb=64, **changes)
    assert found.history_budget_mb == 1024
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"null"])
def test_broken_file_is_set_aside(tmp_path: Path, content: bytes):
    (tmp_path / "settings.json").write_bytes(content)
    found = Settings.load(tmp_path)
    assert found.theme == "system"
    assert "settings.broken.json" in found.problem
    assert (tmp_path / "settings.broken.json").read_bytes() == content
    found.update(theme="dark")
    assert Settings.load(tmp_path).theme == "dark"


def test_one_wrong_value_costs_only_itself(tmp_path: Path):
    values = {"theme": "pink", "recent_files": ["/a.png"], "history_budget_mb": 64}
    (tmp_path / "settings.json").write_text(json.dumps(values))
    found = Settings.load(tmp_path)
    assert (found.theme, found.recent_files, found.history_budget_mb) == ("system", ("/a.png",), 64)
    assert "theme" in found.problem
    assert json.loads((tmp_path / "settings.broken.json").read_text()) == values


def test_values_of_a_newer_version_survive(tmp_path: Path):
    (tmp_path / "settings.json").write_text('{"future": {"a": 1}, "theme": "dark"}')
    found = Settings.load(tmp_path)
    found.update(theme="light")
    assert json.loads((tmp_path / "settings.json").read_text())["future"] == {"a": 1}
    assert found.problem == ""


def test_unwritable_folder_is_a_problem_and_not_a_failure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "file").write_text("")
    found = Settings.load(tmp_path / "file" / "below")
    found.update(theme="dark")
    assert found.theme == "dark"
    assert "cannot be kept" in found.problem
    assert "cannot be kept" in caplog.text


def test_recent_files_are_newest_first_and_few(tmp_path: Path):
    found = Settings.load(tmp_path)
    for number in range(RECENT_FILES + 5):
        found.remember_file(tmp_path / f"{number}.png")
    found.remember_file(tmp_path / "20.png")
    again = Settings.load(tmp_path).recent_files
    assert len(again) == RECENT_FILES
    assert again[:3] == tuple(str(tmp_path / f"{n}.png") for n in (20, 24, 23))
    assert Settings.load(tmp_path).last_folder == str(tmp_path)


def test_settings_are_changed_by_update_alone():
    with pytest.raises(ValueError, match="frozen"):
        Settings().theme = "dark"  # type: ignore[misc]  # that it is refused is the point


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=25, deadline=None)
@given(values=st.dictionaries(st.text(), json_values))
def test_remembered_parameters_round_trip(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, object]
):
    folder = tmp_path_factory.mktemp("settings")
    Settings.load(folder).remember_parameters("a.b", values)
    found = Settings.load(folder)
    assert found.problem == ""
    assert found.parameters.get("a.b", {}) == values


def test_plugins_are_isolated_by_name_and_once(tmp_path: Path):
    found = Settings.load(tmp_path)
    for name, isolated in (("risky", True), ("other", True), ("risky", True), ("other", False)):
        found.set_isolated(name, isolated)
    assert Settings.load(tmp_path).isolated_plugins == ("risky",)
