from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from studio.api.errors import Cancelled, UserError
from studio.host.models import ModelStatus, ModelStore, default_cache_dir

DATA = bytes(range(256)) * 40


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "originals" / "net.pth"
    path.parent.mkdir()
    path.write_bytes(DATA)
    return path


@pytest.fixture
def card(original, make_card):
    return make_card("net", original.as_uri(), {"net.pth": DATA})


@pytest.fixture
def bundled(tmp_path, make_card):
    folder = tmp_path / "bundled"
    folder.mkdir()
    (folder / "small.safetensors").write_bytes(b"small")
    return make_card("small", "bundled:small.safetensors", {"small.safetensors": b"small"})


def damage(path: Path) -> None:
    """Change one byte and leave the size, as a failing disk does."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def damage_unseen(path: Path) -> None:
    before = path.stat()
    damage(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_cards_are_listed_by_task(make_store, card, bundled, make_card):
    other = make_card("brush", "bundled:x", {"x": b"x"}, task="inpainting")
    store = make_store(card, bundled, other)
    assert [c.id for c in store.cards()] == ["net", "small", "brush"]
    assert [c.id for c in store.cards("inpainting")] == ["brush"]
    assert store.default("super-resolution") is bundled
    with pytest.raises(UserError, match="No bundled model is for sampling"):
        store.default("sampling")


def test_an_unknown_id_names_close_ones(make_store, make_card):
    ids = ["realesrgan-x4plus", "realesrgan-x4plus-anime", "compact-x2"]
    store = make_store(*(make_card(name, f"bundled:{name}", {name: b"x"}) for name in ids))
    with pytest.raises(UserError, match="no model RealESRGAN-x4") as caught:
        store.card("RealESRGAN-x4")
    assert "realesrgan-x4plus" in caught.value.hint
    with pytest.raises(UserError) as caught:
        store.status("zzz")
    assert "models list" in caught.value.hint


def test_an_id_declared_twice_is_reported(make_store, card):
    store = make_store(card, card.model_copy(update={"title": "second"}))
    assert store.card("net").title == "net"
    assert "net is declared twice" in store.problems[0]


def test_a_bundled_model_is_used_in_place(make_store, bundled, tmp_path):
    store = make_store(bundled)
    assert store.status("small") is ModelStatus.BUNDLED
    assert store.ensure("small") == (tmp_path / "bundled/small.safetensors",)
    with pytest.raises(UserError, match="cannot be removed"):
        store.remove("small")


def test_a_model_that_comes_with_a_plugin_is_used_in_place(make_store, make_card, tmp_path):
    (tmp_path / "plugin").mkdir()
    path = tmp_path / "plugin" / "own.safetensors"
    path.write_bytes(b"own")
    card = make_card("own", "bundled:own.safetensors", {"own.safetensors": b"own"}, task="mine")
    card = card.model_copy(update={"source": f"bundled:{path.as_posix()}"})  # as read_cards does
    store = make_store(card)
    assert store.default("mine") is card
    assert store.status("own") is ModelStatus.BUNDLED
    assert store.ensure("own") == (path,)
    path.unlink()
    with pytest.raises(UserError, match=r"own are missing or damaged in .*plugin\.\n.*its plugin"):
        store.ensure("own")


def test_several_bundled_files_lie_in_a_folder(make_store, make_card, tmp_path):
    card = make_card("pair", "bundled:pair", {"a.onnx": b"a", "b.onnx": b"b"})
    (tmp_path / "bundled/pair").mkdir(parents=True)
    for name in "ab":
        (tmp_path / f"bundled/pair/{name}.onnx").write_text(name)
    assert [p.name for p in make_store(card).ensure("pair")] == ["a.onnx", "b.onnx"]


@pytest.mark.parametrize("harm", [damage, Path.unlink])
def test_a_harmed_bundled_model_is_never_handed_out(make_store, bundled, tmp_path, harm):
    store = make_store(bundled)
    assert store.locate("small")
    harm(tmp_path / "bundled/small.safetensors")
    assert store.locate("small") is None
    with pytest.raises(UserError, match="missing or damaged") as caught:
        store.ensure("small")
    assert "Install Impasto again" in caught.value.hint


def test_a_file_source_is_copied(make_store, card, original):
    store, seen = make_store(card), []
    (path,) = store.fetch("net", lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == DATA
    assert seen[-1] == (len(DATA), len(DATA))
    original.unlink()
    assert make_store(card).ensure("net") == (path,)


def test_a_missing_file_source_is_named(make_store, card, original):
    original.unlink()
    with pytest.raises(UserError, match=r"net\.pth, the source of net, cannot be read"):
        make_store(card).fetch("net")


def test_a_changed_file_source_is_refused(make_store, card, original):
    damage(original)
    store = make_store(card)
    with pytest.raises(UserError, match="not the file its card describes"):
        store.fetch("net")
    assert store.status("net") is ModelStatus.MISSING


def test_copying_can_be_cancelled(make_store, card):
    store = make_store(card)
    with pytest.raises(Cancelled):
        store.fetch("net", cancelled=lambda: True)
    assert store.status("net") is ModelStatus.MISSING


def test_a_damaged_file_is_corrupt_and_repaired(make_store, card):
    store = make_store(card)
    (path,) = store.fetch("net")
    damage(path)
    assert store.status("net") is ModelStatus.CORRUPT
    assert store.locate("net") is None
    (report,) = store.repair()
    assert (report.status, report.problems) == (ModelStatus.CACHED, ())
    assert path.read_bytes() == DATA


def test_a_truncated_file_is_fetched_again_when_needed(make_store, card):
    store = make_store(card)
    (path,) = store.fetch("net")
    path.write_bytes(DATA[:100])
    assert store.status("net") is ModelStatus.CORRUPT
    assert store.ensure("net")[0].read_bytes() == DATA


def test_verify_reads_what_looks_unchanged(make_store, card):
    store = make_store(card)
    (path,) = store.fetch("net")
    damage_unseen(path)
    # The stamp saves hashing 60 MB at each start; verify is for what it cannot see.
    assert store.status("net") is ModelStatus.CACHED
    (report,) = store.verify(["net"])
    assert report.status is ModelStatus.CORRUPT
    assert str(path) in report.problems[0]
    assert store.locate("net") is None
    assert make_store(card).locate("net") is None


def test_a_damaged_file_without_its_source_stays_reported(make_store, card, original):
    store = make_store(card)
    damage(store.fetch("net")[0])
    original.unlink()
    (report,) = store.repair()
    assert report.status is ModelStatus.CORRUPT
    assert "cannot be read" in report.problems[-1]


def test_repair_leaves_models_alone_that_were_never_fetched(make_store, card):
    (report,) = make_store(card).repair()
    assert (report.status, report.problems) == (ModelStatus.MISSING, ())


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"a": 1}'])
def test_damaged_stamps_cost_a_hash_and_no_more(make_store, card, content):
    path = make_store(card).fetch("net")
    (make_store().cache_dir / "stamps.json").write_text(content)
    assert make_store(card).locate("net") == path


def test_removed_models_are_missing(make_store, card):
    store = make_store(card)
    (path,) = store.fetch("net")
    store.remove("net")
    assert not path.exists()
    assert store.status("net") is ModelStatus.MISSING
    store.remove("net")


def test_a_file_that_two_models_share_is_kept_once_and_while_needed(
    make_store, make_card, tmp_path
):
    for name in ("x2", "x4", "bin"):
        (tmp_path / f"net.{name}").write_bytes(name.encode())
    cards = [
        make_card(name, tmp_path.as_uri(), {f"net.{name}": name.encode(), "net.bin": b"bin"})
        for name in ("x2", "x4")
    ]
    store = make_store(*cards)
    first, second = store.fetch("x2"), store.fetch("x4")
    assert first[1] == second[1]
    store.remove("x2")
    assert store.locate("x4") == second
    assert not first[0].exists()
    store.remove("x4")
    assert not second[1].exists()


def test_the_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("IMPASTO_MODELS", str(tmp_path / "elsewhere"))
    assert default_cache_dir() == tmp_path / "elsewhere"
    monkeypatch.delenv("IMPASTO_MODELS")
    expected = Path(platformdirs.user_data_dir("impasto", appauthor=False)) / "models"
    assert default_cache_dir() == expected


def test_looking_makes_no_folder(make_store, card):
    store = make_store(card)
    assert store.status("net") is ModelStatus.MISSING
    assert not store.cache_dir.exists()


def test_the_store_imports_no_torch():
    code = "import sys, studio.host.models; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_two_processes_fetch_one_model(card, tmp_path):
    code = (
        "import sys; from pathlib import Path; from studio.api import ModelCard;"
        "from studio.host.models import ModelStore;"
        "card = ModelCard.model_validate_json(sys.argv[1]);"
        "store = ModelStore(Path(sys.argv[2]), Path(), [card]);"
        "print(store.fetch('net')[0])"
    )
    command = [sys.executable, "-c", code, card.model_dump_json(), str(tmp_path / "cache")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    paths = {process.communicate(timeout=60)[0].strip() for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    (path,) = paths
    assert Path(path).read_bytes() == DATA
    assert ModelStore(tmp_path / "cache", tmp_path, [card]).locate("net") == (Path(path),)
