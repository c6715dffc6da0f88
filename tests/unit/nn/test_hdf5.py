"""Files as h5py writes them by default."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from studio.nn.checkpoints import CheckpointError
from studio.nn.features import load_features
from studio.nn.hdf5 import read_hdf5

Array = np.ndarray[Any, Any]
DEPTHS = (2, 2, 3, 3, 3)


def keras_vgg16(width: int = 2) -> dict[str, Array]:
    random = np.random.default_rng(2)
    arrays, given = {}, 3
    for block, depth in enumerate(DEPTHS, 1):
        for number in range(depth):
            name = f"block{block}/layers/conv2d" + (f"_{number}" if number else "")
            arrays[f"{name}/vars/0"] = random.normal(0, 0.4, (3, 3, given, width)).astype("<f4")
            arrays[f"{name}/vars/1"] = random.normal(0, 0.1, width).astype("<f4")
            given = width
    return arrays


def test_arrays_of_several_types_come_back_from_nested_groups(tmp_path, hdf5):
    arrays = {
        "a/b/float": np.arange(6, dtype="<f4").reshape(2, 3),
        "a/b/double": np.array([1.5, -2.5], "<f8"),
        "a/half": np.array([[0.5]], "<f2"),
        "big": np.array([1, -2, 3], ">i4"),
        "small": np.array([7, 255], "u1"),
        "empty": np.zeros((0, 4), "<f4"),
    }
    found = read_hdf5(hdf5.saved(tmp_path / "a.h5", hdf5.tree(arrays)))
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_headers_may_be_continued_elsewhere_and_small_arrays_lie_inside(tmp_path, hdf5):
    inside = np.array([3, 4], "<f4")
    layout = struct.pack("<BBH", 3, 0, inside.nbytes) + inside.tobytes()
    root = hdf5.group(
        {
            "far": hdf5.array(np.ones(3, "<f4"), continued=True),
            "inside": hdf5.array(inside, layout),
        }
    )
    found = read_hdf5(hdf5.saved(tmp_path / "a.h5", root))
    np.testing.assert_array_equal(found["far"], np.ones(3))
    np.testing.assert_array_equal(found["inside"], inside)


def test_what_is_not_read_is_refused(tmp_path, hdf5):
    chunked = hdf5.group({"x": hdf5.array(np.ones(3, "<f4"), bytes([3, 2]) + bytes(30))})
    with pytest.raises(CheckpointError, match="chunked"):
        read_hdf5(hdf5.saved(tmp_path / "chunked.h5", chunked))
    (tmp_path / "text.h5").write_text("no such file")
    with pytest.raises(CheckpointError, match="not an HDF5 file"):
        read_hdf5(tmp_path / "text.h5")


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95])
def test_a_file_that_is_cut_off_is_refused(tmp_path, hdf5, share):
    root = hdf5.tree({f"group/{i}": np.ones(40, "<f4") for i in range(5)})
    path = hdf5.saved(tmp_path / "a.h5", root)
    path.write_bytes(path.read_bytes()[: int(len(hdf5.data) * share)])
    with pytest.raises(CheckpointError, match="damaged"):
        read_hdf5(path)


def test_a_group_that_holds_itself_is_refused(tmp_path, hdf5):
    root = hdf5.group({"again": 0})
    place = bytes(hdf5.data).index(b"SNOD") + 8 + 8
    hdf5.data[place : place + 8] = struct.pack("<Q", root)
    with pytest.raises(CheckpointError, match="loop"):
        read_hdf5(hdf5.saved(tmp_path / "loop.h5", root))


def test_keras_weights_give_the_features_of_vgg_16_on_bgr_minus_the_mean(tmp_path, hdf5):
    arrays = keras_vgg16()
    network = load_features(hdf5.saved(tmp_path / "hed.weights.h5", hdf5.tree(arrays)))
    assert network.layers[-1] == "5_3"
    image = torch.rand(1, 3, 32, 32)
    x = (image * 255).flip(1) - torch.tensor([104.00699, 116.66877, 122.67892]).view(1, 3, 1, 1)
    for number in range(2):
        name = "block1/layers/conv2d" + ("_1" if number else "")
        kernel = torch.from_numpy(arrays[f"{name}/vars/0"]).permute(3, 2, 0, 1)
        x = F.relu(F.conv2d(x, kernel, torch.from_numpy(arrays[f"{name}/vars/1"]), padding=1))
    torch.testing.assert_close(network(image, ["1_2"])["1_2"], x, atol=1e-3, rtol=1e-4)


def test_keras_weights_with_a_layer_missing_say_which(tmp_path, hdf5):
    arrays = keras_vgg16()
    del arrays["block4/layers/conv2d_2/vars/1"]
    with pytest.raises(CheckpointError, match=r"block4/layers/conv2d_2/vars/1 is missing"):
        load_features(hdf5.saved(tmp_path / "hed.weights.h5", hdf5.tree(arrays)))
