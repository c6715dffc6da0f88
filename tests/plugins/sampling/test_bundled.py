"""The bundled models at first launch: what is asked for shows, and none of them needs a network."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from studio.api import UserError
from studio.document import Layer, Picture, Raster
from studio.host.requests import RunRequest
from studio.host.runs import Runner
from studio.host.services import build_services

LATENT = ("faces-dcgan", "faces-vae", "faces-style", "digits-dcgan")
REDDER = {"red": 0, "blue": 2}  # the strongest channel


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CONFIG", "DATA", "MODELS"):
            patch.setenv(f"IMPASTO_{name}", str(tmp_path_factory.mktemp(name.lower())))
        services = build_services()
        yield Runner(services.registry, services.store)


@pytest.fixture
def made(runner):
    def pictures(operation, picture=None, seed=3, **parameters):
        request = RunRequest(f"sampling.{operation}", parameters, picture, seed=seed, device="cpu")
        return [images[0].pixels for images in runner.execute(request).variants]

    return pictures


def color(pixels):
    """Mean color of what is there."""
    alpha = pixels[..., 3:].astype(float)
    return (pixels[..., :3] * alpha).sum((0, 1)) / alpha.sum()


@pytest.mark.parametrize("style", ["noto", "twemoji", "fluent 3d"])
@pytest.mark.parametrize("asked", ["red", "blue"])
def test_a_heart_has_the_color_that_was_asked_for(asked, style, made):
    for pixels in made("text", prompt=f"{asked} heart", style=style, steps=8, count=3):
        assert int(color(pixels).argmax()) == REDDER[asked]


def test_what_is_around_a_thing_is_clear(made):
    for pixels in made("text", prompt="an apple", style="noto", steps=8, count=3):
        corners = pixels[[0, 0, -1, -1], [0, -1, 0, -1], 3]
        assert pixels.shape == (64, 64, 4)
        assert (corners < 26).all()
        assert (pixels[24:40, 24:40, 3] > 230).mean() > 0.9


def test_faces_are_drawn_in_the_manner_of_their_maker(made):
    """OpenMoji's have a black outline; the others have none."""
    darkness = {
        maker: np.mean([
            (p[..., :3].max(2) < 60)[p[..., 3] > 200].mean()
            for p in made("class", model="faces-diffusion", label=maker, steps=8, count=4)
        ])
        for maker in ("noto", "openmoji", "twemoji")
    }  # fmt: skip
    assert darkness["openmoji"] > 1.3 * max(darkness["noto"], darkness["twemoji"])


@pytest.mark.parametrize("model", LATENT)
def test_latent_spaces_give_pictures_that_differ(model, made):
    several = made("latent", model=model, count=6)
    flat = np.stack([pixels.reshape(-1).astype(float) for pixels in several])
    assert len(flat) == 6
    assert flat.std(0).mean() > 4


def test_a_face_is_completed_below_a_line(made):
    """A yellow disk with eyes: it goes on being yellow, and what is above the line stays."""
    drawn = Image.new("RGBA", (64, 64))
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((3, 3, 60, 60), fill=(255, 205, 50))
    for x in (22, 40):
        pen.ellipse((x - 3, 22, x + 3, 31), fill=(70, 45, 20))
    pixels = np.asarray(drawn)
    layer = Layer("face", Raster.from_array(pixels))
    for done in made("complete", Picture(64, 64, (layer,), layer.id), count=3, from_row=36):
        assert np.array_equal(done[:36], pixels[:36])
        assert (done[40:56, 24:40, 3] > 230).mean() > 0.9
        red, _, blue = color(done[36:])
        assert red > blue + 60


def test_an_unknown_style_names_those_that_there_are(made):
    with pytest.raises(UserError, match="style") as caught:
        made("text", prompt="an apple", style="watercolor", steps=2)
    assert "Noto" in caught.value.hint
