"""EfficientNet-Lite0: its layout, and what it sees."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from studio.nn.checkpoints import CheckpointError
from studio.nn.efficientnet import (
    CHANNELS,
    LAYERS,
    EfficientNetLite0,
    embedding_distance,
    load_efficientnet,
)


@pytest.fixture(scope="module")
def judge():
    torch.manual_seed(0)
    return EfficientNetLite0().eval().requires_grad_(False)


def test_layers_have_their_channels_and_sizes(judge):
    found = judge(torch.rand(2, 3, 64, 96))
    assert [x.shape[1] for x in found] == [CHANNELS[layer] for layer in LAYERS]
    assert [tuple(x.shape[2:]) for x in found] == [(16, 24), (8, 12), (4, 6), (2, 3)]
    assert judge.classify(torch.rand(1, 3, 64, 64)).shape == (1, 1000)


def test_its_size_is_the_published_one(judge):
    # 4.7 million parameters: table of EfficientNet-Lite.
    assert sum(p.numel() for p in judge.parameters()) == 4_652_008


def test_distance_is_zero_for_the_same_and_grows_with_noise(judge):
    image = torch.rand(2, 3, 64, 64)
    little = (image + 0.02 * torch.randn_like(image)).clamp(0, 1)
    much = (image + 0.3 * torch.randn_like(image)).clamp(0, 1)
    assert embedding_distance(judge, image, image).max() == 0
    assert (embedding_distance(judge, much, image) > embedding_distance(judge, little, image)).all()


def test_a_file_is_read_and_another_network_refused(judge, tmp_path):
    save_file(judge.state_dict(), tmp_path / "lite0.safetensors")
    image = torch.rand(1, 3, 64, 64)
    read = load_efficientnet(tmp_path / "lite0.safetensors")
    assert torch.equal(read.classify(image), judge.classify(image))
    save_file({"conv.weight": torch.zeros(3, 3, 3, 3)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="is no EfficientNet-Lite0"):
        load_efficientnet(tmp_path / "other.safetensors")
