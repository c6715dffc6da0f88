from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from studio.nn.checkpoints import (
    PREFIXES,
    WRAPPERS,
    CheckpointError,
    describe_keys,
    read_state_dict,
    unwrap,
)


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    return {"head.weight": torch.randn(4, 3, 3, 3), "head.bias": torch.randn(4)}


def assert_same(found, expected):
    assert list(found) == list(expected)
    for key, tensor in expected.items():
        assert found[key].dtype == tensor.dtype
        assert torch.equal(found[key], tensor)


class Marker:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_safetensors_keep_their_type(tmp_path, state, dtype):
    state = {key: value.to(dtype) for key, value in state.items()}
    save_file(state, tmp_path / "a.safetensors")
    found = read_state_dict(tmp_path / "a.safetensors")
    assert set(found) == set(state)
    assert all(torch.equal(found[key], state[key]) for key in state)
    assert found["head.weight"].dtype == dtype


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".ckpt", ".pth.tar", ".safetensors.txt"])
@pytest.mark.parametrize("archive", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_what_torch_saved_is_read_whatever_its_suffix(tmp_path, state, suffix, archive, dtype):
    path = tmp_path / f"net{suffix}"
    state = {key: value.to(dtype) for key, value in state.items()}
    torch.save(state, path, _use_new_zipfile_serialization=archive)
    assert_same(read_state_dict(path), state)


def test_safetensors_are_known_by_content(tmp_path, state):
    save_file(state, tmp_path / "net.pth")
    assert set(read_state_dict(tmp_path / "net.pth")) == set(state)


@settings(max_examples=40)
@given(
    wrappers=st.lists(st.sampled_from(WRAPPERS), max_size=3),
    prefixes=st.lists(st.sampled_from(PREFIXES), max_size=3),
)
def test_wrappers_and_prefixes_come_off(wrappers, prefixes):
    state = {"a.weight": torch.ones(2), "a.bias": torch.zeros(1)}
    wrapped: object = {"".join(prefixes) + key: value for key, value in state.items()}
    for wrapper in wrappers:
        wrapped = {"epoch": 3, wrapper: wrapped, "optimizer": {"lr": 0.1}}
    assert_same(unwrap(wrapped), state)


def test_averaged_weights_come_first(state):
    average = {key: value + 1 for key, value in state.items()}
    assert_same(unwrap({"params": state, "params_ema": average}), average)


def test_a_marker_of_compilation_inside_a_name_comes_off(state):
    assert_same(
        unwrap({f"net._orig_mod.{k}": v for k, v in state.items()}),
        {f"net.{k}": v for k, v in state.items()},
    )


def test_a_prefix_that_only_some_names_have_stays():
    mixed = {"module.a": torch.ones(1), "b": torch.ones(1)}
    assert set(unwrap(mixed)) == {"module.a", "b"}


def test_the_generator_is_taken_from_a_pair(state):
    other = {"conv.weight": torch.ones(1)}
    pair = {f"netG.{k}": v for k, v in state.items()} | {f"netD.{k}": v for k, v in other.items()}
    assert_same(unwrap(pair), state)
    assert_same(unwrap({"netG": state, "netD": other}), state)


def test_several_networks_keep_their_names(state):
    found = unwrap({"encoder": state, "decoder": state, "optim": {"state": state}})
    assert set(found) == {f"{part}.{key}" for part in ("encoder", "decoder") for key in state}


def test_names_that_collide_are_refused():
    with pytest.raises(CheckpointError, match=r"a\.weight twice"):
        unwrap({"_orig_mod.a.weight": torch.ones(1), "a.weight": torch.ones(1)})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, "an empty dictionary"),
        ({"epoch": 3, "lr": 0.1}, r"2 entries \(epoch, lr\)"),
        ([1, 2], "a list"),
        ({"optimizer": {"state": {"m": torch.ones(1)}}}, "1 entries"),
    ],
)
def test_files_without_weights_are_described(tmp_path, content, words):
    torch.save(content, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match=words) as caught:
        read_state_dict(tmp_path / "other.pth")
    assert "other.pth" in caught.value.message


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_malicious_pickle_runs_nothing(tmp_path, protocol, suffix):
    marker, path = tmp_path / "ran", tmp_path / f"evil{suffix}"
    path.write_bytes(pickle.dumps({"a": Marker(marker)}, protocol=protocol))
    with pytest.raises(CheckpointError, match="evil"):
        read_state_dict(path)
    assert not marker.exists()


@pytest.mark.parametrize("archive", [True, False])
def test_a_malicious_checkpoint_runs_nothing(tmp_path, state, archive):
    marker, path = tmp_path / "ran", tmp_path / "evil.pth"
    torch.save(
        {"state_dict": state, "meta": Marker(marker)}, path, _use_new_zipfile_serialization=archive
    )
    with pytest.raises(CheckpointError, match="could run code") as caught:
        read_state_dict(path)
    assert "safetensors" in caught.value.hint
    assert not marker.exists()
    # The file does what it is made for: plain unpickling would have run it.
    torch.load(path, weights_only=False)
    assert marker.exists()


def test_a_pickled_module_is_refused_and_named(tmp_path):
    torch.save(nn.Conv2d(1, 1, 1), tmp_path / "module.pth")
    with pytest.raises(CheckpointError, match=r"Conv2d.*could run code"):
        read_state_dict(tmp_path / "module.pth")


def test_torchscript_is_refused(tmp_path):
    path = tmp_path / "script.pt"
    with zipfile.ZipFile(path, "w") as archive:  # the layout of torch.jit.save
        for name in ("data.pkl", "code/__torch__.py", "constants.pkl", "version"):
            archive.writestr(f"script/{name}", b"x")
    with pytest.raises(CheckpointError, match="TorchScript"):
        read_state_dict(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (b"GIF89a", "neither a safetensors file nor a PyTorch checkpoint"),
        (b"\x80\x02}q\x00.", "not a readable checkpoint"),
    ],
)
def test_other_files_are_named(tmp_path, content, words):
    path = tmp_path / "net.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=words):
        read_state_dict(path)


def test_an_ordinary_archive_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "net.pth", "w") as archive:
        archive.writestr("readme/readme.txt", "hello")
    with pytest.raises(CheckpointError, match="not one written by torch"):
        read_state_dict(tmp_path / "net.pth")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"gone\.pth cannot be read"):
        read_state_dict(tmp_path / "gone.pth")


@settings(max_examples=40)
@given(fraction=st.floats(0.0, 0.999), kind=st.sampled_from(["archive", "legacy", "safetensors"]))
def test_truncated_files_are_refused(tmp_path_factory, fraction, kind):
    path = tmp_path_factory.mktemp("cut") / "net.pth"
    state = {"a.weight": torch.ones(40, 10), "a.bias": torch.zeros(40)}
    if kind == "safetensors":
        path = path.with_suffix(".safetensors")
        save_file(state, path)
    else:
        torch.save(state, path, _use_new_zipfile_serialization=kind == "archive")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(fraction * len(whole))])
    with pytest.raises(CheckpointError, match="net"):
        read_state_dict(path)


@pytest.mark.parametrize("at", [0, 7, 9, 20])
def test_a_corrupt_safetensors_is_refused(tmp_path, state, at):
    path = tmp_path / "net.safetensors"
    save_file(state, path)
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"net\.safetensors"):
        read_state_dict(path)


def test_description_is_short_and_says_what_counts():
    state = {f"layer{n}.weight": torch.zeros(64, 64, 3, 3) for n in range(9)}
    text = describe_keys(state)
    assert text == (
        "9 tensors, 0.3 M values, float32: layer0.weight 64x64x3x3, layer1.weight 64x64x3x3, "
        "layer2.weight 64x64x3x3, ..., layer8.weight 64x64x3x3"
    )
    assert (
        describe_keys({"scale": torch.tensor(1.0)}) == "1 tensors, 1 values, float32: scale scalar"
    )
    assert describe_keys({}) == "no tensors"


READABLE = {
    "sr/dctlsa_X4.pt": ("fea_conv.weight", 546),
    "sr/craft_ntire24_x4.pth": ("upsample.0.bias", 844),
    "sr/IMDN_x4.pth": ("fea_conv.weight", 92),
    "sr/rlfn_ntire24_x4.pth": ("conv_1.weight", 78),
    "denoise/dncnn_25.pth": ("model.0.weight", 34),
    "cyclegan/jee371_photo2sketch_G.pth": ("main.0.weight", 12),
    "pix2pix/gulseher_pix2pix_G.pth": ("model.0.weight", 18),
    "cond/cvae_bhooyas.safetensors": ("conv1.weight", 16),
    "cond/gan_mlp_csinva.ckpt": ("0.weight", 6),
    "style/microast_decoder.pth.tar": ("dec3.10.conv_layer.bias", 18),
    "latent/taef2_decoder.pth": ("1.weight", 79),
    "enhance/lut3d_LUTs.pth": ("0.LUT", 3),
}


@pytest.mark.parametrize("name", READABLE)
def test_published_checkpoints_are_read(shared, name):
    key, count = READABLE[name]
    state = read_state_dict(shared / "checkpoints" / name)
    assert len(state) == count
    assert key in state


def test_the_published_pickled_module_is_refused(shared):
    with pytest.raises(CheckpointError, match=r"vdsr\.Net"):
        read_state_dict(shared / "checkpoints/sr/vdsr_twtygqyy.pth")
