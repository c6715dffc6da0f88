"""Checkpoints by others, where they are at hand: each enlarges a picture or says why it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from studio.api import UserError

KNOWN = [
    ("sr/IMDN_x4.pth", "IMDN", 4),
    ("sr/animevideov3_x4.param", "SRVGGNetCompact", 4),
    pytest.param("sr/craft_ntire24_x4.pth", "CRAFT", 4, marks=pytest.mark.slow),
    pytest.param("sr/dctlsa_X4.pt", "DCTLSA", 4, marks=pytest.mark.slow),
    ("sr/liveaction_span_x2.onnx", "ONNX", 2),
    ("sr/rlfn_ntire24_x4.pth", "RLFN", 4),
    ("denoise/dncnn_25.pth", "DnCNN", 1),
]
FOREIGN = [
    ("sr/vdsr_twtygqyy.pth", "pickled Python object .vdsr.Net."),
    ("vgg/squeezenet_v1.1.param", "26 Convolution"),
    ("segment/prisma_nchw.onnx", "1, 1, 256, 256"),
]


@pytest.mark.parametrize(("file", "architecture", "scale"), KNOWN)
def test_it_is_recognised_and_keeps_to_the_picture(
    store, registry, run, photo, shared, file, architecture, scale
):
    card = store.import_file(shared / "checkpoints" / file, registry.loaders())
    assert (card.architecture, card.scale, card.task) == (architecture, scale, "super-resolution")
    given = photo(20, 24)
    plain = run(given, scale=scale, strength=0).images[0].pixels
    out = run(given, scale=scale, model=card.id, precision="auto").images[0].pixels
    assert out.shape == (20 * scale, 24 * scale, 4)
    assert not np.array_equal(out, plain)
    limit = 16 if scale == 1 else 12  # a denoiser takes fine structure away
    assert np.abs(out[..., :3].astype(float) - plain[..., :3]).mean() < limit


@pytest.mark.parametrize(("file", "found"), FOREIGN)
def test_it_is_refused_with_a_word_on_what_it_is(store, registry, shared, file, found):
    with pytest.raises(UserError, match=found):
        store.import_file(shared / "checkpoints" / file, registry.loaders())
