"""Any picture as the style, with a tiny network."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from studio.api import UserError
from studio.document import composite
from studio.nn.statistics import shared_statistics
from studio_plugins.style_transfer import rendering
from studio_plugins.style_transfer.styles import BundledStyle, blended, load_style_model


def difference(a, b):
    return float(np.abs(a.astype(float) - b.astype(float)).mean())


def tensor(array):
    return torch.from_numpy(array.copy()).permute(2, 0, 1)[None] / 255


@pytest.fixture
def model(bundled):
    return BundledStyle.load([bundled / "tiny.safetensors"]).eval()


@pytest.mark.parametrize("size", [(48, 64), (37, 53), (5, 70), (1, 1)])
def test_any_size_comes_back_restyled(size, restyled, photo, style):
    array = photo(*size)
    out = restyled(array, style())
    assert out.shape == array.shape
    assert difference(out, array) > 2


def test_the_result_is_what_the_network_makes(restyled, photo, style, model):
    array, path = photo(), style()
    with torch.inference_mode():
        code = model.encode(model.seen(tensor(np.asarray(Image.open(path)))))
        expected = (model(tensor(array), code)[0].permute(1, 2, 0) * 255).round().numpy()
    assert np.abs(restyled(array, path) - expected).max() <= 1


def test_styles_differ_and_blend_by_weight(restyled, photo, style):
    array, first, second = photo(), style(0), style(1)
    ends = [restyled(array, each) for each in (first, second)]
    assert difference(*ends) > 2
    near = restyled(array, (first, 9.0), (second, 1.0))
    middle = restyled(array, first, second)
    assert 0 < difference(near, ends[0]) < difference(middle, ends[0]) < difference(*ends)
    assert difference(restyled(array, (first, 0.2), (first, 5.0)), ends[0]) < 0.1


def test_codes_are_averaged_by_share():
    codes = [torch.tensor([[0.0, 4.0]]), torch.tensor([[4.0, 0.0]])]
    assert torch.equal(blended(codes, [3, 1]), torch.tensor([[1.0, 3.0]]))


def test_strength_goes_from_the_picture_itself_to_the_style(restyled, photo, style):
    array, path = photo(), style()
    outs = [restyled(array, path, strength=s) for s in (0.0, 0.1, 0.25, 0.6, 1.0)]
    assert np.array_equal(outs[0], array)
    whole = [difference(out, outs[-1]) for out in outs]
    assert whole == sorted(whole, reverse=True)
    assert difference(outs[1], array) < difference(outs[2], array)


def test_colors_stay_if_they_are_to(restyled, photo, style):
    array = photo()
    out = restyled(array, style(), preserve_colors=True).astype(float)
    plain = array.astype(float)
    inside = ((out > 2) & (out < 253)).all(axis=2)
    assert inside.mean() > 0.2
    for channel in (0, 2):  # what they differ in from green is color
        kept = (out[..., channel] - out[..., 1]) - (plain[..., channel] - plain[..., 1])
        assert np.abs(kept[inside]).max() <= 1.01
    assert difference(out, plain) > 2


def test_larger_strokes_are_smoother(restyled, photo, style):
    array, path = photo(160, 200), style()
    fine, broad = restyled(array, path, strokes=1.0), restyled(array, path, strokes=4.0)

    def steps(out):
        return float(np.abs(np.diff(out.astype(float), axis=1)).mean())

    assert broad.shape == array.shape
    assert steps(broad) < steps(fine)


def test_the_scale_of_a_style_changes_what_is_seen_of_it(model):
    picture = torch.rand(1, 3, 300, 400)
    assert model.seen(picture).shape == (1, 3, 192, 256)
    assert model.seen(picture, 2).shape == (1, 3, 384, 512)
    assert model.seen(picture, 0.25).shape == (1, 3, 48, 64)
    assert model.seen(torch.rand(1, 3, 10, 4000)).shape == (1, 3, 32, 1536)
    assert model.seen(torch.rand(1, 3, 1, 1)).shape == (1, 3, 192, 192)


def test_only_what_is_selected_is_restyled(run, photo, style):
    array, mask = photo(), np.zeros((48, 64), "u1")
    mask[:, :32] = 255
    result = run("style-transfer.arbitrary", array, mask=mask, style=[style()])
    out = composite(result.after())[..., :3]
    assert np.array_equal(out[:, 32:], array[:, 32:])
    assert difference(out[:, :32], array[:, :32]) > 2


def test_what_is_hidden_does_not_show(run, photo, style):
    outs = []
    for hidden in (0, 255):
        array = np.concatenate([photo(), np.full((48, 64, 1), 255, "u1")], axis=2)
        array[:, :20] = hidden
        array[:, :20, 3] = 0
        result = run("style-transfer.arbitrary", array, style=[style()])
        outs.append(result.images[0].pixels)
    assert np.array_equal(outs[0][:, 20:], outs[1][:, 20:])
    assert (outs[0][:, :20, 3] == 0).all()
    assert (outs[0][:, 20:, 3] == 255).all()


def test_tiles_match(monkeypatch, restyled, photo, style):
    array, path = photo(200, 260), style()
    whole = restyled(array, path, strokes=1.0)
    monkeypatch.setattr(rendering, "_WHOLE", 0)
    monkeypatch.setattr(rendering, "_TILE", 160)
    monkeypatch.setattr(rendering, "samples", lambda picture, **_: picture)
    shared = restyled(array, path, strokes=1.0)
    # What remains comes from the borders of tiles, and is blended over the overlap.
    assert difference(shared, whole) < 1
    monkeypatch.setattr(rendering, "shared_statistics", lambda *_: nullcontext())
    apart = restyled(array, path, strokes=1.0)
    assert difference(apart, whole) > 5 * difference(shared, whole)


def test_a_style_must_be_chosen(run, photo):
    with pytest.raises(UserError, match="No style"):
        run("style-transfer.arbitrary", photo())


def test_a_style_that_is_not_there_is_named(restyled, photo):
    with pytest.raises(UserError, match="nowhere"):
        restyled(photo(), "/nowhere.png")


def test_styles_come_from_the_gallery(restyled, photo):
    array = photo()
    assert difference(restyled(array, "gallery:woodcut"), restyled(array, "gallery:mosaic")) > 0.5


def test_half_precision_is_close(restyled, photo, style):
    array, path = photo(), style()
    out = restyled(array, path, precision="bfloat16")
    assert difference(out, restyled(array, path)) < 3


def test_a_network_of_another_kind_is_named(tiny_card, bundled, tmp_path):
    paths = [bundled / "tiny.safetensors"]
    with pytest.raises(UserError, match="U-Net"):
        load_style_model(tiny_card.model_copy(update={"architecture": "U-Net"}), paths)
    other = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(3)}, other)
    with pytest.raises(UserError, match=r"other\.safetensors is not a network for any style"):
        load_style_model(tiny_card, [other])


def test_the_network_is_left_as_it_was(model):
    image = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        code = model.encode(model.seen(image))
        before = model(image[..., :32], code)
        with shared_statistics(model, image, lambda part: model(part, code)):
            assert not torch.allclose(model(image[..., :32], code), before, atol=1e-3)
        assert torch.equal(model(image[..., :32], code), before)
