from __future__ import annotations

import struct
from collections import OrderedDict

import pytest
import torch
from safetensors.torch import save_file
from spandrel.architectures.Compact import Compact
from spandrel.architectures.DnCNN import DnCNN
from spandrel.architectures.ESRGAN import ESRGAN

from studio.nn.checkpoints import CheckpointError
from studio_plugins.super_resolution.imdn import IMDN
from studio_plugins.super_resolution.loading import read_network, recognise
from studio_plugins.super_resolution.networks import CompactEDSR
from studio_plugins.super_resolution.rlfn import RLFN
from studio_plugins.super_resolution.rrdbnet import RRDBNet
from studio_plugins.super_resolution.upscaler import Upscaler

NETWORKS = {
    "CompactEDSR": lambda: CompactEDSR(3, channels=8, blocks=2),
    "RRDBNet": lambda: RRDBNet(features=16, blocks=2, growth=8),
    "IMDN": lambda: IMDN(scale=2, channels=16, blocks=2),
    "RLFN": lambda: RLFN(scale=4, channels=6, middle=8, inner=4, blocks=2),
    "SRVGGNetCompact": lambda: Compact(num_feat=8, num_conv=3, upscale=2),
}


def seeded(build):
    torch.manual_seed(3)
    return build().eval()


def enlarge(network, image):
    with torch.no_grad():
        return network.eval()(image)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("wrapped", [set(), {"params_ema"}, {"state_dict", "module."}])
def test_a_saved_network_comes_back(tmp_path, name, wrapped):
    network = seeded(NETWORKS[name])
    state = network.state_dict()
    if "module." in wrapped:
        state = OrderedDict((f"module.{key}", value) for key, value in state.items())
    for wrapper in wrapped & {"params_ema", "state_dict"}:
        state = {wrapper: state}
    path = tmp_path / "tiny.pth"
    torch.save(state, path)
    found = recognise((path,))
    loaded = read_network((path,))
    image = torch.rand(1, 3, 20, 17)
    assert found is not None
    assert (found.architecture, found.scale) == (name, loaded.scale)
    expected = enlarge(network, image)
    if name == "SRVGGNetCompact":
        expected = expected.clamp(0, 1)
    if name == "RLFN":  # its range is measured, and means nothing for random weights
        network.peak = loaded.network.peak
        expected = enlarge(network, image)
    assert torch.allclose(enlarge(loaded, image), expected, atol=1e-5)


@pytest.mark.parametrize("peak", [1.0, 255.0])
def test_the_range_of_an_rlfn_is_measured(tmp_path, peak):
    network = seeded(lambda: RLFN(scale=2, channels=6, middle=8, inner=4, blocks=1, peak=peak))
    torch.nn.init.zeros_(network.conv_2.weight)
    torch.nn.init.zeros_(network.conv_2.bias)
    state = network.state_dict()
    # The skip alone: each colour is copied to its four pixels, less a bias that only one range fits.
    first, last = torch.zeros(6, 3, 3, 3), torch.zeros(12, 6, 3, 3)
    for colour in range(3):
        first[colour, colour, 1, 1] = 1
        last[4 * colour : 4 * colour + 4, colour, 1, 1] = 1
    state |= {"conv_1.weight": first, "upsampler.0.weight": last}
    state["conv_1.bias"] = torch.full((6,), 0.4 * peak)
    state["upsampler.0.bias"] = torch.full((12,), -0.4 * peak)
    state["upsampler.0.bias"] += 0.004 * peak
    path = tmp_path / "rlfn.safetensors"
    save_file({key: value.contiguous() for key, value in state.items()}, path)
    assert read_network((path,)).network.error(peak) < 0.01


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_the_fast_rrdbnet_is_spandrels(scale):
    network = seeded(lambda: RRDBNet(features=16, blocks=2, growth=32, scale=scale))
    plain = ESRGAN(
        in_nc=3 * network.unshuffle**2,
        num_filters=16,
        num_blocks=2,
        shuffle_factor=network.unshuffle if network.unshuffle > 1 else None,
    ).eval()
    old = {}
    for key, value in network.state_dict().items():
        module, _, kind = key.rpartition(".")
        names = {
            "conv_first": "model.0",
            "conv_body": "model.1.sub.2",
            "conv_up1": "model.3",
            "conv_up2": "model.6",
            "conv_hr": "model.8",
            "conv_last": "model.10",
        }
        if module in names:
            old[f"{names[module]}.{kind}"] = value
        else:
            _, block, dense, conv = module.split(".")
            old[f"model.1.sub.{block}.{dense.upper()}.{conv}.0.{kind}"] = value
    plain.load_state_dict(old)
    image = torch.rand(1, 3, 152, 20)  # several bands of the last enlargement
    expected = enlarge(plain, image)
    assert expected.shape == (1, 3, 152 * scale, 20 * scale)
    assert float((enlarge(network, image) - expected).abs().max()) < 1e-5
    nhwc = network.to(memory_format=torch.channels_last)
    given = image.contiguous(memory_format=torch.channels_last)
    assert float((enlarge(nhwc, given) - expected).abs().max()) < 1e-5
    assert float((nhwc(image).detach() - expected).abs().max()) < 1e-5  # with gradients


def test_esrgans_first_names_get_the_fast_network(tmp_path):
    plain = seeded(lambda: ESRGAN(num_filters=16, num_blocks=2))
    path = tmp_path / "old.pth"
    torch.save(plain.state_dict(), path)
    loaded = read_network((path,))
    assert isinstance(loaded.network, RRDBNet)
    image = torch.rand(1, 3, 16, 16)
    assert torch.allclose(enlarge(loaded, image), enlarge(plain, image), atol=1e-5)


@pytest.mark.parametrize("scale", [2, 8])
def test_other_forms_of_esrgan_run_through_spandrel(tmp_path, scale):
    plain = seeded(lambda: ESRGAN(num_filters=8, num_blocks=2, scale=scale))
    path = tmp_path / "other.pth"
    torch.save(plain.state_dict(), path)
    loaded = read_network((path,))
    assert (loaded.architecture, loaded.scale) == ("ESRGAN", scale)
    image = torch.rand(1, 3, 12, 12)
    assert torch.allclose(enlarge(loaded, image), enlarge(plain, image).clamp(0, 1), atol=1e-5)


def test_a_gray_denoiser_runs_on_each_colour(tmp_path):
    plain = seeded(lambda: DnCNN(in_nc=1, out_nc=1, nc=8, nb=17, act_mode="R"))
    path = tmp_path / "dncnn.pth"
    torch.save(plain.state_dict(), path)
    found, loaded = recognise((path,)), read_network((path,))
    assert found is not None
    assert (found.scale, loaded.channels) == (1, 1)
    assert "each color" in found.summary
    image = torch.rand(1, 3, 14, 18)
    expected = torch.cat([enlarge(plain, image[:, i : i + 1]) for i in range(3)], dim=1)
    assert torch.allclose(enlarge(loaded, image), expected.clamp(0, 1), atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (15, 15)])
def test_pictures_below_the_smallest_size_are_padded(size):
    network = Upscaler(
        seeded(NETWORKS["RLFN"]), architecture="RLFN", scale=4, overlap=8, minimum=15
    )
    assert enlarge(network, torch.rand(1, 3, *size)).shape == (1, 3, 4 * size[0], 4 * size[1])


def test_multiples_and_squares_are_kept_to():
    seen = []

    class Seeing(torch.nn.Module):
        def forward(self, image):
            seen.append(tuple(image.shape))
            return image

    network = Upscaler(
        Seeing(), architecture="x", scale=1, overlap=8, multiple=8, minimum=10, square=True
    )
    image = torch.rand(1, 3, 5, 19)
    assert torch.equal(enlarge(network, image), image)
    assert seen == [(1, 3, 24, 24)]


def test_a_network_keeps_to_the_arithmetic_that_it_knows():
    convolution = torch.nn.Conv2d(3, 3, 1)
    exact = convolution.weight.detach().clone()
    network = Upscaler(
        convolution,
        architecture="x",
        scale=1,
        overlap=8,
        dtypes=frozenset({torch.bfloat16}),
    )
    network.to(torch.float16)
    assert torch.equal(convolution.weight, exact)  # neither converted nor rounded on the way
    assert enlarge(network, torch.rand(1, 3, 4, 4).half()).dtype == torch.float32
    network.to(torch.bfloat16)
    assert convolution.weight.dtype == torch.bfloat16


def test_weights_of_another_kind_are_not_recognised(tmp_path):
    path = tmp_path / "other.pth"
    torch.save(torch.nn.Linear(4, 4).state_dict(), path)
    assert recognise((path,)) is None
    with pytest.raises(CheckpointError, match=r"other.pth is not a known network .* weight 4x4"):
        read_network((path,))


def test_a_network_that_only_looks_like_one_is_not_recognised(tmp_path):
    state = seeded(NETWORKS["CompactEDSR"]).state_dict()
    state["body.0.conv1.weight"] = torch.rand(5, 8, 3, 3)
    path = tmp_path / "almost.pth"
    torch.save(state, path)
    assert recognise((path,)) is None


def onnx_file(path, height: int | str, width: int | str, channels: int = 3) -> None:
    """Write a graph that returns its input, in the wire format of protocol buffers."""

    def field(number: int, value: bytes | int) -> bytes:
        if isinstance(value, int):
            return varint(number << 3) + varint(value)
        return varint(number << 3 | 2) + varint(len(value)) + value

    def varint(value: int) -> bytes:
        out = b""
        while value > 127:
            out, value = out + struct.pack("B", value & 127 | 128), value >> 7
        return out + struct.pack("B", value)

    def dimension(size: int | str) -> bytes:
        return field(1, field(1, size) if isinstance(size, int) else field(2, size.encode()))

    def value_info(name: bytes) -> bytes:
        shape = b"".join(map(dimension, (1, channels, height, width)))
        tensor = field(1, 1) + field(2, shape)  # elem_type FLOAT
        return field(1, name) + field(2, field(1, tensor))

    node = field(1, b"x") + field(2, b"y") + field(4, b"Identity")
    graph = (
        field(1, node) + field(2, b"g") + field(11, value_info(b"x")) + field(12, value_info(b"y"))
    )
    path.write_bytes(field(1, 8) + field(7, graph) + field(8, field(1, b"") + field(2, 13)))


@pytest.mark.parametrize("sides", [("height", "width"), (24, 24)])
def test_an_onnx_graph_runs_at_any_size(tmp_path, sides):
    path = tmp_path / "same.onnx"
    onnx_file(path, *sides)
    found, loaded = recognise((path,)), read_network((path,))
    assert found is not None
    assert (found.architecture, found.scale) == ("ONNX", 1)
    image = torch.rand(2, 3, 11, 24)
    assert torch.equal(enlarge(loaded, image), image)
    assert loaded.tile == (24 if sides == (24, 24) else 256)


def test_an_onnx_graph_of_another_kind_says_what_it_is(tmp_path):
    path = tmp_path / "many.onnx"
    onnx_file(path, "height", "width", channels=7)
    with pytest.raises(CheckpointError, match="not of an upscaler: x .*7"):
        read_network((path,))
    path.write_bytes(b"not a graph")
    with pytest.raises(CheckpointError, match="many.onnx is not an ONNX file"):
        read_network((path,))
