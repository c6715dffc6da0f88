"""Checkpoints that people bring along, and the command line."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
import torch

from studio.api import UserError
from studio.cli import main
from studio.nn.generators import ResnetGenerator, UnetGenerator


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".ckpt", ".tar"])
def test_a_published_unet_is_imported_with_the_statistics_of_its_tests(
    store, registry, translated, tmp_path, suffix
):
    torch.manual_seed(0)
    path = tmp_path / f"latest_net_G{suffix}"
    torch.save({"module." + k: v for k, v in UnetGenerator(3, 3, 5, 4).state_dict().items()}, path)
    card = store.import_file(path, registry.loaders())
    assert (card.task, card.architecture) == ("pix2pix", "U-Net 32")
    assert card.extra["statistics"] == "picture"
    given = np.random.default_rng(0).integers(0, 256, (40, 50, 4), np.uint8)
    given[..., 3] = 255
    out = translated(given, model=card.id)
    assert out.shape == given.shape
    assert np.array_equal(out, translated(given, model=card.id, statistics="picture"))


def test_a_resnet_with_batch_norm_runs_in_tiles_at_any_size(store, registry, translated, tmp_path):
    path = tmp_path / "latest_net_G.pth"
    torch.save(ResnetGenerator(3, 3, 4, 2, "batch").state_dict(), path)
    card = store.import_file(path, registry.loaders())
    assert (card.task, card.extra["statistics"]) == ("pix2pix", "trained")
    given = np.full((50, 70, 4), 255, np.uint8)
    assert translated(given, model=card.id).shape == given.shape


def test_the_checkpoint_of_a_pencil_drawing(store, registry, translated, shared):
    card = store.import_file(
        shared / "checkpoints/pix2pix/gulseher_pix2pix_G.pth", registry.loaders()
    )
    assert (card.task, card.architecture) == ("pix2pix", "Encoder-decoder")
    given = cv2.imread(str(shared / "data/paired/facades/val/1.webp"))[..., ::-1]
    given = np.dstack([given[:, :256], np.full((256, 256), 255, np.uint8)])
    out = translated(given, model=card.id)[..., :3].astype(float)
    patches = out.reshape(64, 4, 64, 4, 3).mean(axis=(1, 3))  # its dots are colored, a little
    assert (patches.max(axis=2) - patches.min(axis=2)).mean() < 12, "a pencil is gray"
    luma = given[..., :3].astype(float).mean(axis=2)
    assert np.corrcoef(luma.ravel(), out.mean(axis=2).ravel())[0, 1] > 0.6


def test_other_checkpoints_are_refused_with_what_they_hold(store, registry, tmp_path):
    path = tmp_path / "net_G.pth"
    torch.save({"model.0.weight": torch.zeros(4, 5, 3, 3)}, path)
    with pytest.raises(UserError, match="4x5x3x3"):
        store.import_file(path, registry.loaders())


def test_the_command_line_colors_a_doodle(network, doodle, tmp_path, capsys):
    weights, drawing, out = (tmp_path / n for n in ("colors.pth", "doodle.png", "out.png"))
    torch.save(network.state_dict(), weights)
    given = doodle(paper=(255, 255, 255))
    cv2.imwrite(str(drawing), given)
    assert main(["models", "import", str(weights), "--json"]) == 0
    run = ["run", "pix2pix.translate", str(drawing), "-o", str(out), "--model", "colors"]
    capsys.readouterr()
    assert main([*run, "--preparation", "lines", "--transparent-background", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)["record"]
    assert record["parameters"]["model"] == "colors"
    made = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)
    assert made.shape == (96, 96, 4)
    assert made[0, 0, 3] == 0
    assert made[48, 48, 3] == 255
    assert made[48, 48, :3].min() < 250
