from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from studio.nn.metrics import psnr_y
from studio.nn.resample import bicubic_downscale, bicubic_resize
from studio.nn.training import ConsoleContext, TrainingError
from studio_plugins.super_resolution.networks import CompactEDSR
from studio_plugins.super_resolution.train import load_pairs, sample_batch, train
from studio_plugins.super_resolution.training import UpscalerRecipe

TINY = UpscalerRecipe(scale=2, channels=16, blocks=1, steps=60, batch=4, patch=16, rate=2e-3)


def stripes(path: Path, count: int) -> None:
    """Pictures of hard diagonal edges, which a cubic kernel blurs and a network learns."""
    rows, columns = np.mgrid[:64, :64]
    for number in range(count):
        width = 6 + number % 7
        bands = ((rows + (1 + number % 3) * columns) // width % 2 * 200 + 20).astype(np.uint8)
        Image.fromarray(np.dstack([bands] * 3)).save(path / f"{number:02}.png")


def replace(recipe: UpscalerRecipe, **changes: object) -> UpscalerRecipe:
    return UpscalerRecipe(**{**recipe.model_dump(), **changes})


def context(folder: Path) -> ConsoleContext:
    return ConsoleContext(folder, torch.device("cpu"))


def test_learns_more_than_bicubic_and_saves_half_precision(tmp_path, capsys):
    stripes(tmp_path, 24)
    finished = train([tmp_path], TINY, context(tmp_path / "run"))
    assert (finished.architecture, finished.extra) == ("CompactEDSR", {"scale": "2"})
    weights = load_file(finished.path)
    assert {tensor.dtype for tensor in weights.values()} == {torch.float16}
    network = CompactEDSR.from_state(weights).eval()
    _, held_out = load_pairs([tmp_path], TINY)
    truth = torch.from_numpy(held_out[0][1].copy()).permute(2, 0, 1)[None] / 255
    low = bicubic_downscale(truth, 2)
    with torch.no_grad():
        ours = psnr_y(network(low), truth, 2)
    assert ours > psnr_y(bicubic_resize(low, 64, 64), truth, 2) + 0.5
    assert (tmp_path / "run" / "samples.png").is_file()
    assert "PSNR-Y, dB" in (tmp_path / "run" / "log.jsonl").read_text()
    assert "Step 60" in capsys.readouterr().out


def test_goes_on_from_its_checkpoint(tmp_path, capsys):
    stripes(tmp_path, 24)
    run = context(tmp_path / "run")
    train([tmp_path], replace(TINY, steps=10), run)
    first = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)
    train([tmp_path], replace(TINY, steps=14), run)
    second = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)
    assert (first["loop"]["step"], second["loop"]["step"]) == (10, 14)
    capsys.readouterr()


def test_takes_the_trunk_of_another_scale(tmp_path, capsys):
    stripes(tmp_path, 24)
    finished = train([tmp_path], replace(TINY, steps=1), context(tmp_path / "x2"))
    started = replace(TINY, scale=4, patch=8, steps=1, rate=0.0, start=str(finished.path))
    other = train([tmp_path], started, context(tmp_path / "x4"))
    trunk, new = load_file(finished.path), load_file(other.path)
    assert torch.allclose(trunk["head.weight"], new["head.weight"], atol=2e-3)
    assert new["tail.weight"].shape[0] == 48
    capsys.readouterr()


def test_a_start_of_another_width_is_refused(tmp_path, capsys):
    stripes(tmp_path, 24)
    save_file(CompactEDSR(2, 8, 1).state_dict(), tmp_path / "narrow.safetensors")
    narrow = replace(TINY, start=str(tmp_path / "narrow.safetensors"))
    with pytest.raises(TrainingError, match=r"narrow.safetensors, which is another network"):
        train([tmp_path], narrow, context(tmp_path / "run"))
    capsys.readouterr()


def test_of_large_pictures_the_middle_is_kept(tmp_path):
    stripes(tmp_path, 24)
    pixels = np.zeros((800, 1001, 3), np.uint8)
    pixels[:, 500] = 255
    Image.fromarray(pixels).save(tmp_path / "large.png")
    pairs = [pair for part in load_pairs([tmp_path], TINY) for pair in part]
    (high,) = [high for _, high in pairs if high.shape[0] > 64]
    assert high.shape == (768, 768, 3)
    assert high[:, 384].min() == 255


def test_tiles_of_one_photograph_stay_on_one_side(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    stripes(folder, 40)
    lines = [
        {"file": f"photos/{n:02}.png", "source": "s", "name": f"{n // 4}.jpg#tile{n % 4}"}
        for n in range(40)
    ]
    (tmp_path / "index.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    training, validation = load_pairs([folder], replace(TINY, validation=0.3))
    assert len(training) + len(validation) == 40
    assert len(training) % 4 == len(validation) % 4 == 0


def test_low_patches_are_where_the_high_ones_are():
    high = np.zeros((64, 64, 3), np.uint8)
    high[20:24, 40:44] = 255
    low = high.reshape(32, 2, 32, 2, 3).mean((1, 3)).astype(np.uint8)
    parameters = replace(TINY, batch=16)
    small, large = sample_batch([(low, high)], parameters, np.random.default_rng(0))
    pooled = torch.nn.functional.avg_pool2d(large, 2)
    assert torch.allclose(pooled, small, atol=1e-6)
    assert small.max() > 0


def test_too_few_pictures_are_refused(tmp_path):
    stripes(tmp_path, 5)
    with pytest.raises(TrainingError, match="Too few pictures"):
        train([tmp_path], TINY, context(tmp_path / "run"))
