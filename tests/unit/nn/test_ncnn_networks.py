from __future__ import annotations

import pytest
import spandrel
import torch

from studio.nn.checkpoints import CheckpointError
from studio.nn.ncnn import read_ncnn
from studio.nn.ncnn_networks import ncnn_state_dict


def assert_same(found, expected):
    assert list(found) == list(expected)
    for key, tensor in expected.items():
        assert torch.equal(found[key], tensor), key


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("half", [True, False])
def test_every_tensor_of_an_rrdbnet_lands_in_its_place(rrdbnet_state, write_rrdbnet, fused, half):
    network = ncnn_state_dict(read_ncnn(*write_rrdbnet(rrdbnet_state, fused=fused, half=half)))
    assert network.architecture == "RRDBNet"
    assert (network.scale, network.resize) == (4, 1.0)
    assert network.config["num_block"] == 1
    assert network.config["num_feat"] == 16
    assert network.config["num_grow_ch"] == 32
    assert_same(network.state, rrdbnet_state)


def test_spandrel_takes_the_rrdbnet(rrdbnet_state, write_rrdbnet):
    network = ncnn_state_dict(read_ncnn(*write_rrdbnet(rrdbnet_state)))
    model = spandrel.ModelLoader().load_from_state_dict(dict(network.state))
    assert (model.architecture.id, model.scale) == ("ESRGAN", 4)


@pytest.mark.parametrize(("resize", "expected"), [(None, 1.0), (0.5, 0.5), (0.75, 0.75)])
def test_every_tensor_of_a_compact_lands_in_its_place(
    compact_state, write_compact, resize, expected
):
    network = ncnn_state_dict(read_ncnn(*write_compact(compact_state, resize=resize)))
    assert network.architecture == "SRVGGNetCompact"
    assert (network.scale, network.resize) == (2, expected)
    assert network.config["num_conv"] == 2
    assert network.config["upscale"] == 2
    assert_same(network.state, compact_state)


def test_spandrel_runs_the_compact(compact_state, write_compact):
    network = ncnn_state_dict(read_ncnn(*write_compact(compact_state)))
    model = spandrel.ModelLoader().load_from_state_dict(dict(network.state))
    assert model.scale == 2
    with torch.inference_mode():
        assert model(torch.rand(1, 3, 5, 7)).shape == (1, 3, 10, 14)


def test_a_wrong_shape_in_an_rrdbnet_is_named(rrdbnet_state, write_rrdbnet, weights):
    rrdbnet_state["body.0.rdb2.conv3.weight"] = weights(32, 81, 3, 3)
    with pytest.raises(
        CheckpointError, match=r"32x81x3x3, where body\.0\.rdb2\.conv3 is 32x80x3x3"
    ):
        ncnn_state_dict(read_ncnn(*write_rrdbnet(rrdbnet_state)))


def test_another_activation_is_refused(rrdbnet_state, write_rrdbnet, writer):
    write_rrdbnet(rrdbnet_state)
    writer.rows = [row.replace("1,2.000000e-01", "1,1.000000e-01") for row in writer.rows]
    with pytest.raises(CheckpointError, match="another activation"):
        ncnn_state_dict(read_ncnn(*writer.write()))


def test_another_enlargement_is_refused(rrdbnet_state, write_rrdbnet, writer):
    write_rrdbnet(rrdbnet_state)
    writer.rows = [row.replace("0=1 1=2.0", "0=2 1=2.0") for row in writer.rows]
    with pytest.raises(CheckpointError, match="doubles the size twice"):
        ncnn_state_dict(read_ncnn(*writer.write()))


def test_a_compact_without_its_enlarged_input_is_refused(compact_state, write_compact):
    with pytest.raises(CheckpointError, match="enlarged input"):
        ncnn_state_dict(read_ncnn(*write_compact(compact_state, enlarge=3.0)))


def test_unknown_networks_are_described(writer, weights):
    writer.convolution("a", "b", weights(4, 3, 3, 3), weights(4))
    writer.layer("Softmax", ["b"], ["c"])
    with pytest.raises(CheckpointError, match="1 Convolution, 1 Softmax"):
        ncnn_state_dict(read_ncnn(*writer.write()))


def test_the_video_model_is_read(shared):
    param = shared / "checkpoints/sr/animevideov3_x4.param"
    network = ncnn_state_dict(read_ncnn(param, param.with_suffix(".bin")))
    assert network.architecture == "SRVGGNetCompact"
    assert network.config["num_conv"] == 16
    assert (network.scale, network.resize) == (4, 1.0)
    model = spandrel.ModelLoader().load_from_state_dict(dict(network.state))
    flat = torch.full((1, 3, 16, 16), 0.5)
    with torch.inference_mode():
        enlarged = model(flat)
    # Misplaced weights would not keep a flat gray flat.
    assert enlarged.shape == (1, 3, 64, 64)
    assert (enlarged[..., 16:-16, 16:-16] - 0.5).abs().max() < 0.05
