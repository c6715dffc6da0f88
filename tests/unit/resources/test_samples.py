import subprocess
import sys

import numpy as np
import pytest

from studio_resources.samples import samples

SAMPLES = {sample.id: sample for sample in samples()}


def test_photographs_come_first_and_drawings_are_always_there():
    kinds = [sample.kind for sample in samples()]
    assert kinds == sorted(kinds, key=["photo", "drawing"].index)
    assert kinds.count("drawing") == 4
    assert len(SAMPLES) == len(samples())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_loads_as_rgba_and_credits_its_maker(name: str):
    sample = SAMPLES[name]
    pixels = sample.load()
    assert pixels.dtype == np.uint8
    assert pixels.ndim == 3
    assert pixels.shape[2] == 4
    assert min(pixels.shape[:2]) >= 256
    assert pixels[..., :3].std() > 20
    assert sample.credit


@pytest.mark.parametrize("name", [n for n, s in SAMPLES.items() if s.kind == "drawing"])
def test_a_drawing_is_the_same_every_time(name: str):
    assert np.array_equal(SAMPLES[name].load(), SAMPLES[name].load())


def test_the_sticker_is_transparent_around_and_the_photographs_are_opaque():
    sticker = SAMPLES["sticker"].load()[..., 3]
    assert sticker[0, 0] == 0
    assert sticker[160, 160] == 255
    assert ((sticker > 0) & (sticker < 255)).any()
    for sample in SAMPLES.values():
        if sample.kind == "photo":
            assert (sample.load()[..., 3] == 255).all()


def test_listing_imports_neither_scikit_image_nor_torch():
    code = (
        "import sys\nfrom studio_resources.samples import samples\nsamples()\n"
        "assert not {'skimage', 'torch', 'PySide6'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
