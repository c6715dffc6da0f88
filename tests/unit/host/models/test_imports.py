from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from studio.api.errors import UserError
from studio.api.models import CheckpointLoader
from studio.host.models import ModelStatus


class Marker:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "My Net (v2).pth"
    torch.save({"params": {"ours.weight": torch.ones(3)}}, path)
    return path


def entries(store) -> list[Path]:
    return [p for p in (store.cache_dir / "files").glob("*") if p.is_file()]


def test_an_imported_model_stays(make_store, checkpoint, loader):
    store = make_store()
    card = store.import_file(checkpoint, [loader])
    assert (card.id, card.title) == ("my-net-v2", "My Net (v2)")
    assert (card.architecture, card.scale, card.format) == ("OurNet", 2, "pth")
    assert card.task == "super-resolution"
    assert card.extra == {"blocks": "7", "loader": "ours"}
    assert store.is_imported(card.id)
    checkpoint.unlink()
    again = make_store()
    assert again.card(card.id) == card
    (path,) = again.ensure(card.id)
    assert path.suffix == ".pth"
    assert again.status(card.id) is ModelStatus.CACHED


def test_the_same_file_is_one_model(make_store, checkpoint, loader):
    store = make_store()
    first = store.import_file(checkpoint, [loader])
    other = checkpoint.rename(checkpoint.with_name("renamed.pth"))
    assert store.import_file(other, [loader]) == first
    assert len(entries(store)) == 1


def test_names_that_collide_get_a_number(make_store, checkpoint, loader, tmp_path):
    store = make_store()
    store.import_file(checkpoint, [loader])
    for number in (2, 3):
        torch.save({"ours.weight": torch.full((3,), float(number))}, checkpoint)
        assert store.import_file(checkpoint, [loader]).id == f"my-net-v2-{number}"
    assert len(make_store().cards()) == 3


def test_a_plugin_that_takes_the_name_later_keeps_it(make_store, make_card, checkpoint, loader):
    make_store().import_file(checkpoint, [loader])
    declared = make_card("my-net-v2", "bundled:x", {"x": b"x"})
    store = make_store(declared)
    assert store.card("my-net-v2") == declared
    assert store.card("my-net-v2-2").architecture == "OurNet"
    assert store.locate("my-net-v2-2")


def test_files_a_declared_model_waits_for_complete_it(make_store, make_card, tmp_path):
    # Weights fetched by hand on a computer without a connection; no loader has to know them.
    path = tmp_path / "net.onnx"
    path.write_bytes(b"weights")
    declared = make_card("known", "https://example.org/net.onnx", {"net.onnx": b"weights"})
    store = make_store(declared)
    assert store.import_file(path) == declared
    assert store.status("known") is ModelStatus.CACHED
    assert not store.is_imported("known")


def write_pair(folder: Path) -> tuple[Path, Path]:
    param, binary = folder / "net.param", folder / "net.bin"
    param.write_text("7767517\n2 2\nInput data 0 1 data\nPReLU p 1 1 data out 0=2\n")
    binary.write_bytes(b"\0\0\x80\x3f" * 2)
    return param, binary


@pytest.mark.parametrize("which", [0, 1])
def test_either_file_of_an_ncnn_pair_will_do(make_store, loader, tmp_path, which):
    pair = write_pair(tmp_path)
    store = make_store()
    card = store.import_file(pair[which], [loader])
    assert (card.format, card.architecture, card.summary) == ("ncnn", "Ncnn", "1 PReLU")
    found = store.ensure(card.id)
    assert [path.suffix for path in found] == [".param", ".bin"]
    assert [path.read_bytes() for path in found] == [path.read_bytes() for path in pair]


@pytest.mark.parametrize("which", [0, 1])
def test_half_an_ncnn_pair_is_refused(make_store, loader, tmp_path, which):
    pair = write_pair(tmp_path)
    pair[1 - which].unlink()
    with pytest.raises(UserError, match=f"needs {pair[1 - which].name}"):
        make_store().import_file(pair[which], [loader])


def test_a_torch_file_called_bin_is_taken(make_store, checkpoint, loader):
    card = make_store().import_file(checkpoint.rename(checkpoint.with_suffix(".bin")), [loader])
    assert card.format == "pth"


def test_a_damaged_import_is_repaired_from_its_original(make_store, checkpoint, loader):
    store = make_store()
    card = store.import_file(checkpoint, [loader])
    (path,) = store.ensure(card.id)
    path.write_bytes(b"gone")
    assert [report.status for report in store.repair()] == [ModelStatus.CACHED]
    path.unlink()
    assert [report.status for report in store.repair()] == [ModelStatus.CACHED]
    path.unlink()
    checkpoint.unlink()
    (report,) = store.repair()
    assert report.status is ModelStatus.MISSING
    assert "import the model again" in report.problems[-1]


def test_a_damaged_ncnn_import_is_repaired(make_store, loader, tmp_path):
    write_pair(tmp_path)
    store = make_store()
    card = store.import_file(tmp_path / "net.bin", [loader])
    store.ensure(card.id)[1].write_bytes(b"gone")
    assert [report.status for report in store.repair()] == [ModelStatus.CACHED]


def test_a_removed_import_is_forgotten(make_store, checkpoint, loader):
    store = make_store()
    card = store.import_file(checkpoint, [loader])
    store.remove(card.id)
    assert not entries(store)
    with pytest.raises(UserError, match="no model"):
        store.card(card.id)
    assert make_store().cards() == ()
    assert store.import_file(checkpoint, [loader]).id == card.id


def test_an_unrecognised_file_is_described(make_store, tmp_path, loader):
    path = tmp_path / "foreign.safetensors"
    save_file({"other.weight": torch.zeros(4, 3, 3, 3)}, path)
    store = make_store()
    with pytest.raises(UserError, match=r"1 tensors, 108 values, float32: other\.weight 4x3x3x3"):
        store.import_file(path, [loader])
    assert store.cards() == ()
    assert not entries(store)


def test_an_unrecognised_ncnn_pair_is_described(make_store, tmp_path):
    write_pair(tmp_path)
    with pytest.raises(UserError, match="It holds 1 PReLU"):
        make_store().import_file(tmp_path / "net.param")


def test_an_unrecognised_onnx_is_described(make_store, tmp_path, loader):
    (tmp_path / "net.onnx").write_bytes(b"x" * 200_000)
    with pytest.raises(UserError, match=r"an ONNX graph of 0\.2 MB"):
        make_store().import_file(tmp_path / "net.onnx", [loader])


@pytest.mark.parametrize("known", [True, False])
def test_a_malicious_pickle_is_refused_and_runs_nothing(make_store, tmp_path, loader, known):
    path, marker = tmp_path / "evil.pth", tmp_path / "ran"
    torch.save({"ours.weight": torch.ones(1), "meta": Marker(marker)}, path)
    store = make_store()
    with pytest.raises(UserError, match="could run code") as caught:
        store.import_file(path, [loader] if known else [])
    assert "safetensors" in caught.value.hint
    assert not marker.exists()
    assert not entries(store)


def test_a_bare_pickle_is_refused_and_runs_nothing(make_store, tmp_path, loader):
    path, marker = tmp_path / "evil.ckpt", tmp_path / "ran"
    path.write_bytes(pickle.dumps(Marker(marker)))
    with pytest.raises(UserError, match=r"evil\.ckpt"):
        make_store().import_file(path, [loader])
    assert not marker.exists()


def test_a_corrupt_safetensors_is_refused(make_store, tmp_path, loader):
    path = tmp_path / "cut.safetensors"
    save_file({"ours.weight": torch.zeros(100)}, path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(UserError, match="not a complete safetensors file"):
        make_store().import_file(path, [loader])


def test_one_failing_loader_does_not_hide_the_next(make_store, checkpoint, loader):
    broken = CheckpointLoader("broken", "Broken", "x", (".pth",), "impasto_no_such_module:f")
    store = make_store()
    assert store.import_file(checkpoint, [broken, loader]).extra["loader"] == "ours"
    store.remove("my-net-v2")
    with pytest.raises(UserError, match="The loader “Broken” failed"):
        store.import_file(checkpoint, [broken])


def test_a_loader_that_doubts_leaves_it_to_others(make_store, checkpoint, loader):
    doubting = replace(loader, id="other", task="denoising", function="impasto_test_loader:doubt")
    store = make_store()
    first = store.import_file(checkpoint, [doubting, loader])
    assert (first.task, first.extra["loader"]) == ("super-resolution", "ours")
    named = store.import_file(checkpoint, [doubting, loader], task="denoising")
    assert (named.task, named.id) == ("denoising", "my-net-v2-2")
    assert store.import_file(checkpoint, [doubting, loader], task="denoising") == named
    store.remove(named.id)
    assert store.locate(first.id) is not None  # they share the file
    store.remove(first.id)
    assert store.import_file(checkpoint, [doubting]).task == "denoising"
    with pytest.raises(UserError, match="no network|not a network"):
        store.import_file(checkpoint, [loader], task="inpainting")


@pytest.mark.parametrize(
    ("name", "words"), [("net.txt", "known kind"), ("net", "no suffix"), ("gone.pth", "not a file")]
)
def test_other_files_are_refused(make_store, tmp_path, name, words):
    if not name.startswith("gone"):
        (tmp_path / name).write_text("text")
    with pytest.raises(UserError, match=words):
        make_store().import_file(tmp_path / name)


def test_a_damaged_card_is_left_out_and_reported(make_store, checkpoint, loader):
    make_store().import_file(checkpoint, [loader])
    cards = make_store().cache_dir / "cards"
    (cards / "broken.json").write_text("{")
    store = make_store()
    assert [card.id for card in store.cards()] == ["my-net-v2"]
    assert "broken.json" in store.problems[0]


def test_two_stores_import_under_two_names(make_store, checkpoint, loader):
    first, second = make_store(), make_store()
    one = first.import_file(checkpoint, [loader])
    torch.save({"ours.weight": torch.zeros(2)}, checkpoint)
    two = second.import_file(checkpoint, [loader])
    assert (one.id, two.id) == ("my-net-v2", "my-net-v2-2")


def test_published_files_are_described_or_refused(make_store, shared):
    store = make_store()
    with pytest.raises(UserError, match=r"vdsr\.Net.*could run code"):
        store.import_file(shared / "checkpoints/sr/vdsr_twtygqyy.pth")
    with pytest.raises(UserError, match=r"conv_1\.weight 46x3x3x3"):
        store.import_file(shared / "checkpoints/sr/rlfn_ntire24_x4.pth")
    with pytest.raises(UserError, match="18 Convolution, 17 PReLU"):
        store.import_file(shared / "checkpoints/sr/animevideov3_x4.bin")
