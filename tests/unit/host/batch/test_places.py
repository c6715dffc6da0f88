"""Pictures behind addresses: found, read, written, entered and taken up again, by the local engine."""

from __future__ import annotations

import importlib.util
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.api.errors import UserError
from studio.files.documents import recipe_of
from studio.host.batch.batch import Order, Tools, run_batch
from studio.host.batch.engines import Watcher
from studio.host.batch.items import find_pictures
from studio.host.batch.ledger import KEPT, UrlLedger, passing_name
from studio.host.batch.places import Url, identity, place
from studio.host.recipes import OperationStep, Recipe
from studio.host.recipes.replay import Manner

INVERT = """
    def invert(pixels, mask, parameters, context):
        calls.append(pixels.shape)
        return 1 - pixels
"""
RECIPE = Recipe(name="Negative", steps=(OperationStep(operation="t.invert"),))


@pytest.fixture
def probe(host):
    return host(INVERT, invert={})


@pytest.fixture
def tools(probe):
    return Tools(probe.runner.execute, probe.runner.registry, probe.runner.store)


@pytest.fixture
def pictures(tmp_path):
    for number, name in enumerate(("a.png", "deep/b.png", "c [1]*.png", ".hidden/d.png")):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 12, 3), 50 + number, np.uint8)).save(path)
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    return tmp_path / "in"


def order(inputs: str, folder: str) -> Order:
    manner = Manner(device="cpu", precision="float32")
    return Order(RECIPE, (place(inputs),), place(folder), manner=manner)


def states(summary):
    return [outcome.state for outcome in summary.outcomes]


def addresses(folder: Path) -> list[str]:
    return [
        f"file://{folder}",
        f"dir://{folder.name}::file://{folder.parent}",
        f"simplecache::file://{folder}",
    ]


def test_what_is_an_address_and_what_a_path():
    assert place("photos/in") == Path("photos/in")
    assert str(place("s3://bucket/photos")) == "s3://bucket/photos"
    url = place("zip://photos::s3://bucket/all.zip")
    assert str(url / "deep/a.png") == "zip://photos/deep/a.png::s3://bucket/all.zip"
    assert ((url / "a.b.png").name, (url / "a.b.png").stem, (url / "a.png").suffix) == (
        "a.b.png", "a.b", ".png",
    )  # fmt: skip
    assert identity(Url("file:///photos/x.png")) == identity(Path("/photos/x.png"))


@pytest.mark.parametrize("kind", range(3))
def test_a_batch_from_address_to_address(kind, pictures, tools, tmp_path):
    out = tmp_path / "out"
    wanted = order(addresses(pictures)[kind], addresses(out)[0 if kind == 2 else kind])
    summary = run_batch(wanted, tools)
    assert states(summary) == ["done"] * 3, summary.outcomes
    for number, name in ((0, "a.png"), (1, "deep/b.png"), (2, "c [1]*.png")):
        pixels = np.asarray(Image.open(out / name))
        assert set(np.unique(pixels[..., :3])) == {255 - 50 - number}
        (record,) = recipe_of(out / name)
        assert record["operation"] == "t.invert"
    kept = [path.name for path in (out / KEPT).iterdir()]
    assert len(kept) == 1
    assert kept[0].endswith(".jsonl")
    assert states(run_batch(replace(wanted, resume=True), tools)) == ["skipped"] * 3


def test_the_pictures_of_an_archive(pictures, tools, tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(pictures / "a.png", "photos/a.png")
        archive.write(pictures / "deep/b.png", "photos/deep/b.png")
    found = find_pictures([place(f"zip://photos::file://{tmp_path}/all.zip")], tmp_path / "out")
    assert [(each.path.name, each.folder) for each in found] == [("a.png", ""), ("b.png", "deep")]
    wanted = order(f"zip://photos::file://{tmp_path}/all.zip", str(tmp_path / "out"))
    assert states(run_batch(wanted, tools)) == ["done"] * 2
    assert (tmp_path / "out" / "deep" / "b.png").is_file()


def test_resuming_behind_an_address_does_what_is_missing_or_has_changed(
    pictures, tools, probe, tmp_path, monkeypatch
):
    monkeypatch.setattr("studio.host.batch.ledger.SEGMENT", 2)  # so that there are several files
    out = tmp_path / "out"
    wanted = order(str(pictures), f"file://{out}")
    run_batch(wanted, tools)
    (out / "a.png").unlink()
    Image.fromarray(np.full((8, 12, 3), 99, np.uint8)).save(pictures / "deep" / "b.png")
    (out / "c [1]*.png").write_bytes(b"of somebody else")
    probe.module.calls.clear()
    summary = run_batch(replace(wanted, resume=True), tools)
    assert {outcome.item.output: outcome.state for outcome in summary.outcomes} == {
        "a.png": "done", "deep/b.png": "done", "c [1]*.png": "failed",
    }  # fmt: skip
    assert len(probe.module.calls) == 2
    assert "that no batch made" in summary.of("failed")[0].message


def test_what_was_entered_and_not_named_is_done_again(pictures, tools, tmp_path):
    """As if the process had been killed between the two, and while it wrote the next one."""
    out = place(f"file://{tmp_path}/out")
    wanted = order(str(pictures), str(out))
    run_batch(wanted, tools)
    (tmp_path / "out" / "a.png").unlink()
    left = tmp_path / "out" / KEPT / passing_name(out, "a.png").name
    left.write_bytes(b"half")
    ledger = UrlLedger(Url(f"file://{tmp_path}/out"))
    assert not left.exists()
    assert set(ledger.entries) == {"a.png", "deep/b.png", "c [1]*.png"}
    assert sorted(states(run_batch(replace(wanted, resume=True), tools))) == [
        "done", "skipped", "skipped",
    ]  # fmt: skip


def test_results_never_take_the_place_of_inputs_behind_an_address(pictures, tools):
    with pytest.raises(UserError, match="overwrite the input"):
        run_batch(order(f"file://{pictures}", str(pictures)), tools)


def test_results_in_the_folder_of_the_inputs_are_no_inputs(pictures, tools):
    wanted = order(f"file://{pictures}", f"file://{pictures}/results")
    assert states(run_batch(wanted, tools)) == ["done"] * 3
    assert states(run_batch(wanted, tools)) == ["done"] * 3


def test_a_picture_that_vanishes_fails_by_its_address(pictures, tools, tmp_path):
    class Thief(Watcher):
        def found(self, count):
            (pictures / "deep" / "b.png").write_bytes(b"no picture")

    wanted = order(f"file://{pictures}", str(tmp_path / "out"))
    (failed,) = run_batch(wanted, tools, Thief()).of("failed")
    assert failed.item.source == f"file://{pictures}/deep/b.png"
    with pytest.raises(UserError, match="no file or folder file://"):
        run_batch(order(f"file://{tmp_path}/nowhere", str(tmp_path / "out")), tools)


@pytest.mark.parametrize(
    ("protocol", "package"), [("s3", "s3fs"), ("gs", "gcsfs"), ("sftp", "paramiko")]
)
def test_a_missing_package_is_named(protocol, package, tools, tmp_path):
    if importlib.util.find_spec(package):
        pytest.skip(f"{package} is here")
    with pytest.raises(UserError, match=f"{protocol}:// need the package {package}") as caught:
        run_batch(order(f"{protocol}://bucket/photos", str(tmp_path / "out")), tools)
    assert f"pip install {package}" in caught.value.hint


def test_an_unknown_protocol_is_refused(tools, tmp_path):
    with pytest.raises(UserError, match="Protocol not known"):
        run_batch(order("nfs4711://bucket/photos", str(tmp_path / "out")), tools)
