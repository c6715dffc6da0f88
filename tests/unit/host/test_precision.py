from __future__ import annotations

import pytest
import torch

from studio.api import PluginError
from studio.host.precision import BrokenOutput, brightest, check_finite, check_not_black

AGAIN = "Half precision gave a broken picture: ran again in float32."

SOURCE = """
    class Broken(Same):
        '''Gives ``bad`` in half precision, or always.'''

        def __init__(self, bad, always):
            super().__init__()
            self.bad, self.always = bad, always

        def forward(self, x):
            out = self.conv(x)
            calls.append(out.dtype)
            broken = self.always or out.dtype != torch.float32
            return x * self.bad if broken else x

    def tiled(pixels, mask, parameters, context):
        bad, always = float(parameters.name), parameters.count == 1
        net = context.network("broken", lambda: Broken(bad, always))
        return context.tiled(net, pixels, tile=64)

    def whole(pixels, mask, parameters, context):
        bad, always = float(parameters.name), parameters.count == 1
        return context.prepare(Broken(bad, always))(pixels)

    def darker(pixels, mask, parameters, context):
        pixels.mul_(0)
        return pixels
"""
OPERATIONS = {"tiled": {}, "whole": {}, "darker": {}}


@pytest.mark.parametrize("bad", ["nan", "inf", "-inf", "0"])
@pytest.mark.parametrize("name", ["tiled", "whole"])
def test_what_breaks_in_half_precision_runs_again_in_full(host, random_picture, half, name, bad):
    probe, picture = host(SOURCE, **OPERATIONS), random_picture(70, 100)

    result = probe.run(name, picture, parameters={"name": bad, "count": 0})

    assert result.notes == (AGAIN,)
    assert result.record["precision"] == "float32"
    assert result.after().layers[0].raster == picture.layers[0].raster
    assert half in probe.module.calls
    assert probe.module.calls[-1] == torch.float32


@pytest.mark.parametrize(
    ("bad", "message"), [("nan", "not numbers"), ("inf", "not numbers"), ("0", "black")]
)
@pytest.mark.parametrize("name", ["tiled", "whole"])
@pytest.mark.parametrize("precision", ["auto", "float32"])
def test_what_is_always_broken_is_an_error(host, random_picture, name, bad, message, precision):
    probe, picture = host(SOURCE, **OPERATIONS), random_picture(40, 40)

    with pytest.raises(PluginError, match=message) as caught:
        probe.run(name, picture, parameters={"name": bad, "count": 1}, precision=precision)

    assert caught.value.hint
    if precision == "float32":
        assert set(probe.module.calls) == {torch.float32}


def test_black_stays_black(host, random_picture):
    probe, picture = host(SOURCE, **OPERATIONS), random_picture(20, 20)
    dark = probe.run("invert", random_picture(20, 20)).request.picture.layers[0]
    pixels = dark.raster.read(picture.bounds)
    pixels[..., :3] = 0
    black = type(picture).from_pixels(pixels)

    assert probe.run("black", black).after().layers[0].raster == black.layers[0].raster


def test_a_plugin_that_blackens_its_input_in_place_is_caught(host, random_picture):
    with pytest.raises(PluginError, match="black"):
        host(SOURCE, **OPERATIONS).run("darker", random_picture(20, 20))


def test_finite_means_every_value():
    check_finite(torch.rand(1, 3, 4, 4) * 1e4)
    for bad in (float("nan"), float("inf"), -float("inf")):
        broken = torch.rand(1, 3, 4, 4)
        broken[0, 1, 2, 3] = bad
        with pytest.raises(BrokenOutput):
            check_finite(broken)


def test_a_dim_picture_is_not_black():
    dim = torch.full((1, 3, 4, 4), 2 / 255)
    check_not_black(dim, 1.0)
    check_not_black(dim * 0, brightest(dim))
    with pytest.raises(BrokenOutput):
        check_not_black(dim * 0, 1.0)
