"""Which files become models of this operation, and which do not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.api import UserError
from studio.nn.generators import ResnetGenerator, UnetGenerator, initialise
from studio_plugins.cyclegan.loading import PAIRS, read_generator


def saved(path, network):
    torch.manual_seed(0)
    initialise(network, 0.3)
    torch.save(network.state_dict(), path)
    return path


@pytest.mark.parametrize("norm", ["instance", "instance-affine", "none"])
@pytest.mark.parametrize("side", ["A", "B"])
def test_a_generator_of_junyanz_is_taken(store, registry, run, photo, tmp_path, norm, side):
    network = ResnetGenerator(width=4, blocks=2, norm=norm)
    path = saved(tmp_path / f"latest_net_G_{side}.pth", network)
    card = store.import_file(path, registry.loaders())
    assert (card.task, card.architecture) == ("cyclegan", "ResNet-2")
    assert card.id == f"latest_net_g_{side.lower()}"
    out = run(photo(30, 34), model=card.id).images[0].pixels
    assert out.shape == (30, 34, 4)


def test_a_unet_goes_to_pix2pix_and_is_refused_here(store, registry, run, photo, tmp_path):
    path = saved(tmp_path / "latest_net_G.pth", UnetGenerator(downs=5, width=4))
    card = store.import_file(path, registry.loaders())
    assert card.task == "pix2pix"
    with pytest.raises(UserError, match="U-Net") as caught:
        run(photo(32, 32), model=card.id)
    assert "Pix2Pix" in caught.value.hint


def test_the_norm_decides_on_the_operation_unless_a_task_is_named(
    store, registry, run, photo, tmp_path
):
    path = saved(tmp_path / "maps.pth", ResnetGenerator(width=4, blocks=1, norm="batch"))
    guessed = store.import_file(path, registry.loaders())
    named = store.import_file(path, registry.loaders(), task="cyclegan")
    assert (guessed.task, named.task) == ("pix2pix", "cyclegan")
    assert guessed.id != named.id
    assert store.import_file(path, registry.loaders(), task="cyclegan") == named
    outs = [run(photo(32, 32), model=card.id).images[0].pixels for card in (guessed, named)]
    assert np.array_equal(*outs)


@pytest.mark.parametrize(("there", "back"), PAIRS)
def test_both_generators_of_a_checkpoint_are_found(tmp_path, there, back):
    networks = [ResnetGenerator(width=4, blocks=blocks) for blocks in (1, 2)]
    state = {
        name.rstrip("."): n.state_dict() for name, n in zip((there, back), networks, strict=True)
    }
    path = tmp_path / "both.pth"
    torch.save({**state, "epoch": 3, "D_A": torch.nn.Conv2d(1, 1, 1).state_dict()}, path)
    for direction, blocks in (("forward", 1), ("backward", 2)):
        generator = read_generator(path, direction)
        assert generator.two_way
        assert generator.translator.architecture == f"ResNet-{blocks}"


def test_other_networks_are_refused_with_a_word_on_what_they_hold(store, registry, tmp_path):
    path = tmp_path / "classifier.pth"
    torch.save(
        torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.Linear(8, 2)).state_dict(), path
    )
    with pytest.raises(UserError, match="0.weight 8x3x3x3"):
        store.import_file(path, registry.loaders())


def test_photo_to_sketch(store, registry, run, photo, shared):
    path = shared / "checkpoints/cyclegan/jee371_photo2sketch_G.pth"
    card = store.import_file(path, registry.loaders())
    assert (card.task, card.architecture) == ("cyclegan", "Encoder-decoder")
    out = run(photo(120, 160), model=card.id, size=0).images[0].pixels[..., :3]
    white = (out > 235).all(axis=2).mean()
    dark = (out < 80).all(axis=2).mean()
    assert white > 0.5  # lines on paper
    assert dark > 0.01
    assert np.ptp(out.astype(int), axis=2).mean() < 8  # without color
