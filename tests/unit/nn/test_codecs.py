"""The codec: shapes, and latents of mean 0 and deviation 1."""

from __future__ import annotations

import pytest
import torch

from studio.nn.codecs import PictureCodec


@pytest.mark.parametrize(("widths", "side"), [((8,), 8), ((8, 12), 4), ((8, 16, 6), 2)])
def test_latents_are_small_and_become_pictures_again(widths, side):
    codec = PictureCodec(4, 3, widths)
    planes = torch.rand(2, 4, 16, 24) * 2 - 1
    latents = codec.latents(planes)
    assert latents.shape == (2, 3, side, side * 3 // 2)
    assert codec.pictures(latents).shape == planes.shape


def test_latents_of_described_pictures_are_normal_and_mean_the_same():
    codec = PictureCodec(4, 3, (8, 16))
    planes = torch.rand(5, 4, 16, 16) * 2 - 1
    codec.describe(codec.encode(planes)[0])
    latents = codec.latents(planes).transpose(0, 1).flatten(1)
    assert torch.allclose(latents.mean(1), torch.zeros(3), atol=1e-5)
    assert torch.allclose(latents.std(1), torch.ones(3), atol=1e-5)
    assert torch.allclose(codec.pictures(codec.latents(planes)), codec(planes), atol=1e-5)


def test_a_codec_learns_to_give_back():
    torch.manual_seed(0)
    codec = PictureCodec(4, 4, (16, 16))
    optimiser = torch.optim.Adam(codec.parameters(), 3e-3)
    planes = torch.nn.functional.interpolate(torch.rand(8, 4, 2, 2), size=(16, 16)) * 2 - 1

    def error() -> torch.Tensor:
        return (codec(planes) - planes).abs().mean()

    before = error().item()
    for _ in range(60):
        optimiser.zero_grad()
        error().backward()
        optimiser.step()
    assert error().item() < before / 3
