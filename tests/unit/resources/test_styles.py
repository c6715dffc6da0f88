from itertools import combinations, pairwise

import numpy as np
import pytest
from PIL import Image, ImageFilter

import studio_resources.styles
from studio_resources.styles.paint import SIZE, STYLES, paint

(FOLDER,) = studio_resources.styles.__path__


def opened(name: str) -> Image.Image:
    with Image.open(f"{FOLDER}/{name}.webp") as image:
        return image.convert("RGB")


@pytest.mark.parametrize("name", STYLES)
def test_a_style_is_there_with_lights_and_darks(name: str):
    image = opened(name)
    assert image.size == (SIZE, SIZE)
    gray = np.asarray(image.convert("L"))
    low, high = np.percentile(gray, (3, 97))
    assert high - low > 80


@pytest.mark.parametrize("name", ["cut-paper", "stained-glass", "pen-stippling"])
def test_the_script_paints_what_is_shipped(name: str):
    painted = np.asarray(paint(name), np.float32)
    shipped = np.asarray(opened(name), np.float32)
    assert np.abs(painted - shipped).mean() < 9  # of 255: the file is compressed


def test_no_two_styles_look_alike():
    prints = {name: fingerprint(opened(name)) for name in STYLES}
    for first, second in combinations(STYLES, 2):
        assert np.abs(prints[first] - prints[second]).max() > 0.1, (first, second)


def fingerprint(image: Image.Image) -> np.ndarray:
    """Color and how much happens at four scales, each in about [0, 1]: what a medium changes."""
    values = [np.asarray(image, np.float32).mean(axis=(0, 1)) / 255]
    gray = image.convert("L")
    smooth = [gray, *(gray.filter(ImageFilter.GaussianBlur(r)) for r in (1, 2, 4, 8))]
    bands = [np.asarray(a, np.float32) - np.asarray(b, np.float32) for a, b in pairwise(smooth)]
    values.append(np.array([band.std() / 32 for band in bands]))
    color = np.asarray(image.convert("HSV"), np.float32)[..., 1]
    values.append(np.array([color.mean() / 255]))
    return np.concatenate(values)
