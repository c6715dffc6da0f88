"""The operation through the host: doodles, photos, label maps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from studio.api import UserError
from studio.document import Layer, Picture, Raster
from studio.host.models import ModelStore
from studio.host.requests import RunRequest
from studio.host.runs import Runner
from studio_plugins.pix2pix.lines import drawn, find_lines
from studio_plugins.pix2pix.palettes import labels
from studio_plugins.pix2pix.preparation import edges

SIZE = 32


def photo(height, width, seed=0):
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (6, 8, 3)).astype(np.float32)
    y = np.linspace(0, 5, height).astype(int)
    x = np.linspace(0, 7, width).astype(int)
    opaque = np.full((height, width, 1), 255)
    return np.concatenate([small[y][:, x], opaque], axis=2).astype(np.uint8)


def as_tensor(pixels):
    return torch.from_numpy(pixels[..., :3].astype(np.float32) / 255).permute(2, 0, 1)[None]


@pytest.mark.parametrize(("height", "width"), [(96, 96), (200, 130), (40, 300), (1100, 1300)])
def test_a_doodle_of_any_size_is_colored_on_a_layer_of_its_own(run, doodle, height, width):
    given = doodle(height, width)
    result = run(given)
    (image,) = result.images
    assert image.layer is None
    assert image.title == "Doodles"
    assert image.pixels.shape == (height, width, 4)
    assert (image.pixels[..., 3] == 255).all()
    assert (image.pixels[..., :3][given[..., 3] == 255] == 0).all(), "its lines are as they were"
    assert image.pixels[..., :3][given[..., 3] == 0].std() > 5
    after = result.after()
    assert len(after.layers) == 2
    drawing = next(layer for layer in after.layers if layer.name == "drawing")
    assert np.array_equal(drawing.raster.read(after.bounds), given)


def test_the_network_sees_black_lines_on_white_at_its_own_size(translated, doodle, network):
    given = doodle(SIZE, SIZE, 1)
    alpha = torch.from_numpy(given[..., 3].astype(np.float32) / 255)[None, None]
    lines = find_lines(as_tensor(given), alpha).lines
    with torch.inference_mode():
        seen = drawn(lines, SIZE).expand(-1, 3, -1, -1)
        expected = network(seen * 2 - 1)[0].permute(1, 2, 0) / 2 + 0.5
    out = translated(given, fit="whole", keep_lines=False, flat_colors=False)[..., :3] / 255
    far = (F.max_pool2d(1 - seen, 3, 1, 1)[0, 0] == 0).numpy()
    assert far.sum() > 100
    assert np.abs(out - expected.numpy())[far].max() < 0.01


def test_a_color_of_the_stroke_stays(translated, doodle):
    given = doodle(ink=(20, 60, 220))
    out = translated(given)
    assert (out[given[..., 3] == 255][:, :3] == (20, 60, 220)).all()


def test_without_my_lines_those_of_the_network_show(translated, doodle):
    given = doodle()
    mine, its = translated(given), translated(given, keep_lines=False)
    line, free = given[..., 3] == 255, given[..., 3] == 0
    assert (mine[line] != its[line]).any()
    assert np.array_equal(mine[free], its[free])


def test_closed_areas_take_one_color_each(translated, doodle):
    given = doodle(400, 400, 5)
    flat, painted = (translated(given, flat_colors=f)[..., :3].astype(int) for f in (True, False))
    inside = np.hypot(*(np.mgrid[:400, :400] - 200)) < 70
    assert flat[inside].std(axis=0).max() == 0
    assert painted[inside].std(axis=0).max() > 2
    assert np.array_equal(flat[:20], painted[:20]), "the background is no closed area"


def test_the_background_can_be_left_out(translated, doodle):
    given = doodle()
    out = translated(given, transparent_background=True)
    assert out[0, 0, 3] == 0
    assert out[48, 48, 3] == 255
    assert (out[given[..., 3] == 255][:, 3] == 255).all()


def test_drawings_on_paper_are_colored_as_those_on_nothing(translated, doodle):
    bare, sheet = translated(doodle()), translated(doodle(paper=(255, 255, 255)))
    assert np.abs(bare.astype(int) - sheet).mean() < 1


def test_strength_goes_from_the_drawing_to_the_result(translated, doodle):
    given = doodle(paper=(255, 255, 255))
    nothing, half, full = (translated(given, strength=s).astype(int) for s in (0, 0.5, 1))
    assert np.abs(nothing - given).max() <= 1
    assert np.abs(half - (nothing + full) / 2).max() <= 1


def test_an_empty_layer_gives_an_empty_layer_and_a_note(run):
    result = run(np.zeros((20, 30, 4), np.uint8))
    assert (result.images[0].pixels[..., 3] == 0).all()
    assert any("no lines" in note for note in result.notes)


def test_the_selection_limits_the_new_layer(runner, doodle):
    pixels = doodle()
    layer = Layer("drawing", Raster.from_array(pixels))
    selected = np.zeros((96, 96, 1), np.uint8)
    selected[:48] = 255
    picture = Picture(96, 96, (layer,), layer.id, None, selection=Raster.from_array(selected))
    request = RunRequest("pix2pix.translate", {}, picture, device="cpu", precision="float32")
    after = runner.execute(request).after()
    made = next(each for each in after.layers if each.name != "drawing")
    alpha = made.raster.read(after.bounds)[..., 3]
    assert (alpha[:48] == 255).all()
    assert (alpha[48:] == 0).all()


@pytest.mark.parametrize(("height", "width"), [(SIZE, SIZE), (50, 90), (400, 300)])
@pytest.mark.parametrize("fit", ["auto", "whole"])
def test_photos_go_through_at_the_networks_size(translated, height, width, fit):
    given = photo(height, width)
    out = translated(given, model="plain", fit=fit)
    assert out.shape == given.shape
    assert (out[..., 3] == 255).all()
    assert np.abs(out.astype(int) - given)[..., :3].mean() > 5


def test_alpha_of_a_photo_is_kept(translated):
    given = photo(40, 40)
    given[:20, :, 3] = 0
    assert np.array_equal(translated(given, model="plain")[..., 3], given[..., 3])


def test_label_maps_are_snapped_to_the_models_colors(translated):
    clean = np.zeros((64, 64, 4), np.uint8)
    clean[..., 3] = 255
    clean[:, :32, 0] = 255
    clean[:, 32:, 2] = 255
    random = np.random.default_rng(0)
    noisy = clean.copy()
    noise = random.integers(-60, 60, (64, 64, 3))
    noisy[..., :3] = np.clip(clean[..., :3].astype(int) + noise, 0, 255)
    assert np.array_equal(translated(clean, model="labels"), translated(noisy, model="labels"))
    palette = torch.eye(3)
    assert torch.equal(labels(as_tensor(noisy), palette), as_tensor(clean))


def test_labels_without_a_palette_are_refused(translated):
    with pytest.raises(UserError, match="names no colors"):
        translated(photo(40, 40), model="plain", preparation="labels")


def test_edges_are_thin_dark_lines_on_white(translated):
    given = photo(64, 64)
    found = edges(as_tensor(given))
    assert set(found.unique().tolist()) == {0.0, 1.0}
    assert 0.02 < float((found == 0).float().mean()) < 0.4
    drawing = translated(given, model="edges")
    assert not np.array_equal(drawing, translated(given, model="edges", preparation="none"))


def test_statistics_of_the_picture_or_of_the_training(translated):
    given = photo(64, 64)
    trained = translated(given, model="averages")
    assert np.array_equal(trained, translated(given, model="averages", statistics="trained"))
    picture = translated(given, model="averages", statistics="picture")
    assert np.abs(picture.astype(int) - trained).mean() > 2


def test_without_a_bundled_model_it_says_what_to_do(registry, tmp_path, doodle):
    runner = Runner(registry, ModelStore(tmp_path / "none", tmp_path, []))
    layer = Layer("drawing", Raster.from_array(doodle()))
    request = RunRequest("pix2pix.translate", {}, Picture(96, 96, (layer,), layer.id, None))
    with pytest.raises(UserError, match="No bundled model") as caught:
        runner.execute(request)
    assert "impasto models import FILE" in caught.value.hint
