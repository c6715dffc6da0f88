"""Thumbnails of layers: made on a thread, and only of what has changed."""

from __future__ import annotations

import threading

import numpy as np
from pytestqt.qtbot import QtBot

from studio.document import Group, Layer, Picture, Raster
from studio.document import layer_edits as core
from studio.document.masks import add_mask
from studio.qt.background import Background
from studio.qt.layers import thumbnails as module
from studio.qt.layers.model import Role


def color(pixmap, x: float, y: float) -> tuple[int, int, int, int]:
    image = pixmap.toImage()
    at = image.pixelColor(int(x * image.width()), int(y * image.height()))
    return at.red(), at.green(), at.blue(), at.alpha()


def test_thumbnails_show_layers_masks_and_groups(qtbot: QtBot, bench):
    bench.document.apply("Mask", add_mask("a", reveal=False))
    model = bench.panel.model
    qtbot.waitUntil(lambda: not bench.panel.thumbnails.busy, timeout=20_000)
    assert color(model.index_of("a").data(Role.PIXELS), 0.5, 0.5) == (200, 200, 200, 255)
    assert color(model.index_of("a").data(Role.MASK), 0.5, 0.5) == (0, 0, 0, 255)
    assert color(model.index_of("g").data(Role.PIXELS), 0.5, 0.5) == (120, 120, 120, 255)
    size = model.index_of("a").data(Role.PIXELS).size()
    assert (size.width(), size.height()) == (60, 40)


def test_a_stroke_renews_one_thumbnail_on_another_thread(qtbot: QtBot, bench, monkeypatch):
    thumbnails = bench.panel.thumbnails
    qtbot.waitUntil(lambda: not thumbnails.busy, timeout=20_000)
    made: list[tuple[str, int]] = []
    node_image = module.node_image

    def noted(miniatures, picture, node):
        made.append((node.id, threading.get_ident()))
        return node_image(miniatures, picture, node)

    monkeypatch.setattr(module, "node_image", noted)
    stroke = bench.document.begin("Brush")
    for x in range(10):
        raster = bench.picture.layer("d").raster.write(x, 3, np.full((9, 9, 4), 255, np.uint8))
        stroke.show(bench.picture.with_layer(bench.picture.layer("d").replaced(raster=raster)))
    stroke.commit()
    qtbot.waitUntil(lambda: not thumbnails.busy and bool(made), timeout=20_000)
    assert {node_id for node_id, _ in made} == {"d"}
    assert threading.get_ident() not in {ident for _, ident in made}
    assert color(thumbnails.pixels("d"), 0.1, 0.2) == (255, 255, 255, 255)


def test_names_and_opacity_renew_nothing(qtbot: QtBot, bench, monkeypatch):
    qtbot.waitUntil(lambda: not bench.panel.thumbnails.busy, timeout=20_000)
    monkeypatch.setattr(module, "node_image", lambda *_: 1 / 0)
    bench.document.apply("Rename", core.change_node("g", name="other", opacity=0.2))
    bench.document.apply("Hide", core.change_node("a", visible=False))
    assert not bench.panel.thumbnails.busy


def test_many_large_layers_are_made_bit_by_bit(qtbot: QtBot, theme):
    pixels = np.full((1024, 1500, 4), 90, np.uint8)
    rasters = [Raster.from_array(pixels) for _ in range(3)]
    layers = tuple(Layer(f"l{i}", rasters[i % 3], id=f"l{i}") for i in range(50))
    picture = Picture(1500, 1024, (Group("g", layers),), "l0")
    background = Background()
    thumbnails = module.LayerThumbnails(background)
    told: list[str] = []
    thumbnails.ready.connect(told.extend)
    thumbnails.follow(picture)
    assert told == []  # nothing was done here and now
    qtbot.waitUntil(lambda: not thumbnails.busy, timeout=60_000)
    assert len(told) == len(set(told)) == 51
    thumbnails.clear()
    assert background.close()
