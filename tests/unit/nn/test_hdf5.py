"""Files as h5py writes them by default, from a writer that is as small as the reader."""

from __future__ import annotations

import struct
from pathlib import Path
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


class Writer:
    def __init__(self) -> None:
        self.data = bytearray(96)

    def _put(self, raw: bytes) -> int:
        self.data += b"\0" * (-len(self.data) % 8)
        start = len(self.data)
        self.data += raw
        return start

    def _header(self, messages: list[tuple[int, bytes]], continued: bool = False) -> int:
        def packed(kind: int, raw: bytes) -> bytes:
            raw += b"\0" * (-len(raw) % 8)
            return struct.pack("<HHB3x", kind, len(raw), 0) + raw

        parts = [packed(*message) for message in messages]
        count = len(parts)
        if continued:  # all but the first lie elsewhere
            rest = b"".join(parts[1:])
            parts = [parts[0], packed(0x10, struct.pack("<QQ", self._put(rest), len(rest)))]
            count += 1
        body = b"".join(parts)
        return self._put(struct.pack("<BxHII4x", 1, count, 1, len(body)) + body)

    def array(self, array: Array, layout: bytes | None = None, continued: bool = False) -> int:
        kind = {"f": 0x11, "i": 0x10, "u": 0x10}[array.dtype.kind]
        bits = (0x08 if array.dtype.kind == "i" else 0) | (array.dtype.byteorder == ">")
        space = struct.pack(f"<BBB5x{array.ndim}Q", 1, array.ndim, 0, *array.shape)
        if layout is None:
            layout = struct.pack("<BBQQ", 3, 1, self._put(array.tobytes()), array.nbytes)
        datatype = struct.pack("<BBBBI12x", kind, bits, 0, 0, array.dtype.itemsize)
        return self._header([(0x1, space), (0x3, datatype), (0x8, layout)], continued)

    def group(self, children: dict[str, int], per_node: int = 2) -> int:
        names, offsets = bytearray(8), {}
        for name in children:
            offsets[name] = len(names)
            names += name.encode() + b"\0"
            names += b"\0" * (-len(names) % 8)
        heap = self._put(
            b"HEAP" + struct.pack("<B3xQQQ", 0, len(names), 0, self._put(bytes(names)))
        )
        nodes = []
        items = list(children.items())
        for first in range(0, len(items), per_node):
            some = items[first : first + per_node]
            raw = b"".join(struct.pack("<QQI20x", offsets[name], to, 0) for name, to in some)
            nodes.append(self._put(b"SNOD" + struct.pack("<BxH", 1, len(some)) + raw))
        keys = b"".join(struct.pack("<QQ", 0, node) for node in nodes)
        tree = b"TREE" + struct.pack("<BBHqq", 0, 0, len(nodes), -1, -1) + keys
        return self._header([(0x11, struct.pack("<QQ", self._put(tree), heap))])

    def tree(self, arrays: dict[str, Array]) -> int:
        below: dict[str, Any] = {}
        for name, array in arrays.items():
            head, _, rest = name.partition("/")
            if rest:
                below.setdefault(head, {})[rest] = array
            else:
                below[head] = array
        return self.group(
            {
                name: self.tree(each) if isinstance(each, dict) else self.array(each)
                for name, each in below.items()
            }
        )

    def saved(self, path: Path, root: int) -> Path:
        sizes = (0, 0, 0, 0, 0, 8, 8, 0)
        start = b"\x89HDF\r\n\x1a\n" + struct.pack(
            "<8BHHIqqqq", *sizes, 4, 16, 0, 0, -1, len(self.data), -1
        )
        self.data[: len(start)] = start
        self.data[56:96] = struct.pack("<QQI20x", 0, root, 0)
        path.write_bytes(bytes(self.data))
        return path


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


def test_arrays_of_several_types_come_back_from_nested_groups(tmp_path):
    arrays = {
        "a/b/float": np.arange(6, dtype="<f4").reshape(2, 3),
        "a/b/double": np.array([1.5, -2.5], "<f8"),
        "a/half": np.array([[0.5]], "<f2"),
        "big": np.array([1, -2, 3], ">i4"),
        "small": np.array([7, 255], "u1"),
        "empty": np.zeros((0, 4), "<f4"),
    }
    writer = Writer()
    found = read_hdf5(writer.saved(tmp_path / "a.h5", writer.tree(arrays)))
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_headers_may_be_continued_elsewhere_and_small_arrays_lie_inside(tmp_path):
    writer = Writer()
    inside = np.array([3, 4], "<f4")
    layout = struct.pack("<BBH", 3, 0, inside.nbytes) + inside.tobytes()
    root = writer.group(
        {
            "far": writer.array(np.ones(3, "<f4"), continued=True),
            "inside": writer.array(inside, layout),
        }
    )
    found = read_hdf5(writer.saved(tmp_path / "a.h5", root))
    np.testing.assert_array_equal(found["far"], np.ones(3))
    np.testing.assert_array_equal(found["inside"], inside)


def test_what_is_not_read_is_refused(tmp_path):
    writer = Writer()
    chunked = writer.group({"x": writer.array(np.ones(3, "<f4"), bytes([3, 2]) + bytes(30))})
    with pytest.raises(CheckpointError, match="chunked"):
        read_hdf5(writer.saved(tmp_path / "chunked.h5", chunked))
    (tmp_path / "text.h5").write_text("no such file")
    with pytest.raises(CheckpointError, match="not an HDF5 file"):
        read_hdf5(tmp_path / "text.h5")


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95])
def test_a_file_that_is_cut_off_is_refused(tmp_path, share):
    writer = Writer()
    root = writer.tree({f"group/{i}": np.ones(40, "<f4") for i in range(5)})
    path = writer.saved(tmp_path / "a.h5", root)
    path.write_bytes(path.read_bytes()[: int(len(writer.data) * share)])
    with pytest.raises(CheckpointError, match="damaged"):
        read_hdf5(path)


def test_a_group_that_holds_itself_is_refused(tmp_path):
    writer = Writer()
    root = writer.group({"again": 0})
    place = bytes(writer.data).index(b"SNOD") + 8 + 8
    writer.data[place : place + 8] = struct.pack("<Q", root)
    with pytest.raises(CheckpointError, match="loop"):
        read_hdf5(writer.saved(tmp_path / "loop.h5", root))


def test_keras_weights_give_the_features_of_vgg_16_on_bgr_minus_the_mean(tmp_path):
    arrays = keras_vgg16()
    writer = Writer()
    network = load_features(writer.saved(tmp_path / "hed.weights.h5", writer.tree(arrays)))
    assert network.layers[-1] == "5_3"
    image = torch.rand(1, 3, 32, 32)
    x = (image * 255).flip(1) - torch.tensor([104.00699, 116.66877, 122.67892]).view(1, 3, 1, 1)
    for number in range(2):
        name = "block1/layers/conv2d" + ("_1" if number else "")
        kernel = torch.from_numpy(arrays[f"{name}/vars/0"]).permute(3, 2, 0, 1)
        x = F.relu(F.conv2d(x, kernel, torch.from_numpy(arrays[f"{name}/vars/1"]), padding=1))
    torch.testing.assert_close(network(image, ["1_2"])["1_2"], x, atol=1e-3, rtol=1e-4)


def test_keras_weights_with_a_layer_missing_say_which(tmp_path):
    arrays = keras_vgg16()
    del arrays["block4/layers/conv2d_2/vars/1"]
    writer = Writer()
    with pytest.raises(CheckpointError, match=r"block4/layers/conv2d_2/vars/1 is missing"):
        load_features(writer.saved(tmp_path / "hed.weights.h5", writer.tree(arrays)))
