"""Dust and scratches: what is found, what is left alone, and how it is repaired."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from studio.document import composite
from studio.host.requests import RunRequest
from studio_plugins.inpainting.detecting import find


def scan(height=300, width=400, seed=0):
    """A smooth picture with grain, and an edge across it: 1 x 3 x H x W."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, 6, 8, generator=generator) * 0.5 + 0.2
    image = F.interpolate(coarse, (height, width), mode="bicubic")
    image[..., width // 2 :] *= 0.6
    return (image + 0.015 * torch.randn(image.shape, generator=generator)).clamp(0, 1)


def damaged(image, bright=True):
    """Specks and a scratch, and where they are."""
    where = torch.zeros(1, 1, *image.shape[2:], dtype=torch.bool)
    random = np.random.default_rng(3)
    for _ in range(25):
        y, x = random.integers(10, image.shape[2] - 10), random.integers(10, image.shape[3] - 10)
        radius = random.integers(2, 4)
        where[..., y - radius : y + radius, x - radius : x + radius] = True
    for row in range(20, 280):
        where[..., row, 60 + row // 10 : 62 + row // 10] = True
    color = 0.95 if bright else 0.02
    return torch.where(where, torch.tensor(color), image), where


@pytest.mark.parametrize("bright", [True, False])
def test_specks_and_scratches_are_found_and_little_else(bright):
    image, where = damaged(scan(), bright)
    found = find(image, 0.5, 9, "both")
    assert float((found & where).sum() / where.sum()) > 0.9
    near = F.max_pool2d(where.float(), 7, stride=1, padding=3) > 0
    assert float((found & ~near).float().mean()) < 0.001


def test_a_clean_scan_is_left_alone():
    assert float(find(scan(), 0.5, 9, "both").float().mean()) < 0.0005


def test_the_kind_is_respected():
    image, where = damaged(scan(), bright=True)
    assert float((find(image, 0.5, 9, "dark") & where).float().sum() / where.sum()) < 0.1
    assert float((find(image, 0.5, 9, "bright") & where).float().sum() / where.sum()) > 0.9


def test_higher_sensitivity_finds_more():
    image, _ = damaged(scan())
    shares = [float(find(image, each, 9, "both").float().mean()) for each in (0.0, 0.5, 1.0)]
    assert shares == sorted(shares)
    assert shares[0] < shares[2]


def test_wide_things_belong_to_the_picture():
    image = scan()
    image[..., 100:140, 100:140] = 0.95
    found = find(image, 0.5, 9, "bright")
    assert not bool(found[..., 105:135, 105:135].any())


def test_strips_do_not_show(monkeypatch):
    image, _ = damaged(scan())
    whole = find(image, 0.5, 9, "both")
    monkeypatch.setattr("studio_plugins.inpainting.detecting._STRIP", 64)
    assert torch.equal(find(image, 0.5, 9, "both"), whole)


@pytest.mark.parametrize("engine", ["network", "smooth"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_only_what_is_found_changes(run, picture, engine, dtype):
    clean = scan()
    image, where = damaged(clean)
    top = np.iinfo(dtype).max
    pixels = (image[0].permute(1, 2, 0).numpy() * top).round().astype(dtype)
    result = run(picture(pixels), "inpainting.dust", engine=engine)
    after = composite(result.after())[..., :3]
    changed = (after != pixels).any(axis=2)
    assert changed.mean() < 3 * float(where.float().mean())
    truth = clean[0].permute(1, 2, 0).numpy() * top
    hole = where[0, 0].numpy()
    before_off = np.abs(pixels[hole] - truth[hole]).mean()
    assert np.abs(after[hole] - truth[hole]).mean() < 0.3 * before_off


def test_a_selection_says_where_to_look(run, picture):
    image, _ = damaged(scan())
    pixels = (image[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    mask = np.zeros(pixels.shape[:2], np.uint8)
    mask[:, :200] = 255
    after = composite(run(picture(pixels, mask), "inpainting.dust", engine="smooth").after())
    assert np.array_equal(after[:, 200:, :3], pixels[:, 200:])
    assert not np.array_equal(after[:, :200, :3], pixels[:, :200])


def test_the_preview_shows_what_was_found_and_the_run_repairs(run, runner, picture):
    image, where = damaged(scan())
    pixels = (image[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    made = picture(pixels)
    request = RunRequest("inpainting.dust", {"show": "found"}, made, device="cpu", live=True)
    shown = composite(runner.execute(request).after())[where[0, 0].numpy()]
    assert np.median(shown[:, 0]) == 255
    assert np.median(shown[:, 1]) < 40
    kept = composite(runner.execute(replace(request, live=False)).after())[where[0, 0].numpy()]
    assert np.median(kept[:, 1]) > 40


def test_nothing_found_is_said(run, picture):
    pixels = np.full((60, 60, 3), 90, np.uint8)
    result = run(picture(pixels), "inpainting.dust")
    assert any("Nothing was found" in note for note in result.notes)
    assert np.array_equal(composite(result.after())[..., :3], pixels)
