from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from studio.nn.checkpoints import CheckpointError
from studio.nn.features import FeatureNetwork, build_features, load_features
from studio.nn.losses import (
    feature_and_texture_distance,
    feature_distance,
    gram,
    moment_loss,
    moments,
    total_variation,
)

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def torchvision_state(depths, width=4):
    layers, given = [], 3
    for depth in depths:
        for _ in range(depth):
            layers += [nn.Conv2d(given, width, 3, padding=1), nn.ReLU()]
            given = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


@pytest.mark.parametrize(("depths", "names"), [((2, 2, 3, 3, 3), "5_3"), ((2, 2, 4, 4, 4), "5_4")])
def test_torchvisions_layout_gives_its_features(depths, names):
    torch.manual_seed(1)
    trunk = torchvision_state(depths)
    state = {f"features.{key}": value for key, value in trunk.state_dict().items()}
    network = build_features({**state, "classifier.0.weight": torch.zeros(2, 2)})
    image = torch.rand(2, 3, 32, 32)
    wanted = trunk[:-1]((image - MEAN) / DEVIATION)
    assert network.layers[-1] == names
    torch.testing.assert_close(network(image, [names])[names], wanted, atol=1e-5, rtol=1e-5)


def test_nothing_behind_the_last_layer_is_computed():
    network = FeatureNetwork([[2, 2], [3]])
    network.stages[1][0].weight.data.fill_(float("nan"))
    found = network(torch.rand(1, 3, 8, 8), ["1_1", "1_2"])
    assert {key: tuple(v.shape) for key, v in found.items()} == {
        "1_1": (1, 2, 8, 8),
        "1_2": (1, 2, 8, 8),
    }


def test_an_unknown_layer_and_an_unknown_checkpoint_say_what_there_is():
    with pytest.raises(ValueError, match="no layer 3_1; it has 1_1, 2_1"):
        FeatureNetwork([[2], [3]])(torch.rand(1, 3, 8, 8), ["3_1"])
    with pytest.raises(CheckpointError, match="no VGG that is known, but 1 tensors"):
        build_features({"head.weight": torch.zeros(3, 3)})


@pytest.mark.parametrize("name", ["cd16x_5SE", "cd16x_3SE", "vgg_normalised_conv3_1"])
def test_published_encoders_load_and_tell_pictures_apart(shared, name):
    network = load_features(shared / "checkpoints" / "vgg" / f"{name}.pth")
    image = F.interpolate(torch.rand(1, 3, 8, 8), size=(64, 64), mode="bicubic").clamp(0, 1)
    layers = [layer for layer in network.layers if layer.endswith("_1")]
    assert len(layers) >= 3
    near, far = (image + 0.01).clamp(0, 1), image.flip(2)
    distances = [
        float(feature_distance(network, each, image, layers)) for each in (image, near, far)
    ]
    assert distances[0] == 0
    assert distances[0] < distances[1] < distances[2]


def test_gram_and_moments_by_hand():
    features = torch.tensor([[[[1.0, 3.0]], [[2.0, 2.0]]]])  # 1 x 2 x 1 x 2
    torch.testing.assert_close(gram(features)[0], torch.tensor([[10.0, 8.0], [8.0, 8.0]]) / 4)
    mean, deviation = moments(features, epsilon=0)
    assert mean.flatten().tolist() == [2, 2]
    assert deviation.flatten().tolist() == [1, 0]
    assert float(moment_loss(features, features)) == 0
    assert float(moment_loss(features + 1, features)) == pytest.approx(1.0)


def test_total_variation_of_a_ramp():
    ramp = torch.arange(4.0).view(1, 1, 1, 4).expand(1, 1, 3, 4)
    assert float(total_variation(ramp)) == pytest.approx(1.0)


@torch.no_grad()
def test_texture_does_not_ask_where_something_is_and_features_do():
    torch.manual_seed(0)
    network = FeatureNetwork([[4]])
    image = torch.rand(1, 3, 16, 16)
    half = torch.zeros(1, 1, 16, 16)
    half[..., 8:] = 1
    other = image.clone()
    other[..., :6] = torch.rand(1, 3, 16, 6)  # outside of the part, and of what its pixels see
    same, none = feature_and_texture_distance(network, image, image, half, ("1_1",))
    assert float(same) == float(none) == 0
    features, texture = feature_and_texture_distance(network, other, image, half, ("1_1",))
    assert float(features) > 0.01
    assert float(texture) == pytest.approx(0, abs=1e-6)
    everywhere = torch.ones_like(half)
    mirrored = FeatureNetwork([[4]])
    mirrored.stages[0][0].weight.data[..., [0, 2]] = 0  # sees up and down alone
    features, texture = feature_and_texture_distance(
        mirrored, image.flip(3), image, everywhere, ("1_1",)
    )
    assert float(features) > 0.01
    assert float(texture) == pytest.approx(0, abs=1e-5)
