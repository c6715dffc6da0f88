"""Miniatures against a plain average of the whole picture."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from studio.document import Group, Layer, Picture, Raster
from studio.document import layer_edits as core
from studio.qt.panels.miniatures import Miniatures, mask_image, node_image, picture_image, shrinking


def smooth(height: int, width: int, dtype: type = np.uint8):
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    planes = [x, y, (x + y) / 2, np.ones_like(x)]
    return np.rint(np.stack(planes, axis=2) * np.iinfo(dtype).max).astype(dtype)


def values(image):
    image = image.convertToFormat(image.Format.Format_RGBA8888)
    data = np.frombuffer(image.constBits(), np.uint8)
    return data.reshape(image.height(), image.bytesPerLine() // 4, 4)[:, : image.width()].copy()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(30, 50), (700, 1100), (2500, 1900)])
def test_a_miniature_is_the_mean_of_blocks(dtype, size):
    pixels = smooth(*size, dtype)
    picture = Picture.from_pixels(pixels)
    step = shrinking(picture)
    found = values(picture_image(Miniatures(), picture))
    height, width = size[0] // step, size[1] // step
    assert found.shape == (height, width, 4)
    blocks = pixels[: height * step, : width * step].reshape(height, step, width, step, 4)
    mean = blocks.mean(axis=(1, 3)) * (255 / np.iinfo(dtype).max)
    assert np.abs(found - mean).max() <= 2.5  # of each block some pixels are looked at


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (3, 20_000), (256, 256), (6000, 40)])
def test_any_shape_has_one(size):
    picture = Picture.from_pixels(np.full((*size, 4), 255, np.uint8))
    image = picture_image(Miniatures(), picture)
    assert image.width() >= 1
    assert image.height() >= 1
    assert (values(image) == 255).all()


def test_transparent_pixels_lend_no_colour():
    pixels = np.zeros((512, 512, 4), np.uint8)
    pixels[..., 1] = 255
    pixels[::2] = (200, 0, 0, 255)
    picture = Picture.from_pixels(pixels)
    found = values(node_image(Miniatures(), picture, picture.nodes[0]))
    assert np.abs(found[..., :3].astype(int) - (200, 0, 0)).max() <= 2


def test_hidden_layers_have_a_thumbnail_of_their_own_but_do_not_show():
    picture = Picture.from_pixels(np.full((64, 64, 4), 255, np.uint8))
    dark = np.zeros((64, 64, 4), np.uint8)
    dark[..., 3] = 255
    hidden = Layer("h", Raster.from_array(dark), visible=False, opacity=0.2)
    picture = core.add_node(hidden)(picture)
    miniatures = Miniatures()
    assert (values(picture_image(miniatures, picture)) == 255).all()
    assert (values(node_image(miniatures, picture, hidden))[..., :3] == 0).all()
    assert node_image(miniatures, picture, Group("empty")) is None


def test_masks_are_gray():
    picture = Picture.from_pixels(np.full((300, 400, 4), 255, np.uint16))
    mask = Raster.from_array(np.full((300, 200, 1), 65535, np.uint16))
    found = values(mask_image(Miniatures(), picture, mask))
    assert found[:, 5, 0].min() == 255
    assert found[:, -5, 0].max() == 0


def test_tiles_are_forgotten_with_the_picture():
    miniatures = Miniatures()
    picture = Picture.from_pixels(smooth(600, 900))
    picture_image(miniatures, picture)
    assert len(miniatures) == 12
    del picture
    gc.collect()
    assert len(miniatures) == 0
