from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from PIL import Image

import studio
from studio.api.errors import UserError
from studio.automation import running


def shade(picture):
    return int(picture.pixels[0, 0, 0])


def test_of_several_variations_one_is_chosen(picture, pixels):
    result = picture.run("testkit.shades")
    assert len(result) == 3
    assert shade(picture) == 64
    assert [shade(each) for each in result] == [64, 128, 255]
    result[1].run("adjustments.invert")  # a picture of its own
    assert shade(picture) == 64
    assert result.choose(2) is picture
    assert shade(picture) == 255
    assert [step.title for step in picture.history] == ["Shades"]
    assert picture.history[0].record["variation"] == 2
    picture.undo()
    assert np.array_equal(picture.pixels, pixels)
    result.choose(1)
    assert shade(picture) == 128
    picture.run("adjustments.invert")
    with pytest.raises(UserError, match="changed since"):
        result.choose(0)
    with pytest.raises(UserError, match="There is no variation 3"):
        result.choose(3)
    with pytest.raises(IndexError):
        result[3]


def test_pictures_are_made_from_nothing(tmp_path):
    result = studio.create("testkit.noise", seed=3, width=8, height=5)
    assert not result.applied
    made = result.picture
    assert (made.width, made.height) == (8, 5)
    again = studio.create("testkit.noise", seed=3, width=8, height=5).picture
    assert np.array_equal(made.pixels, again.pixels)
    made.run("adjustments.invert")
    made.save(tmp_path / "noise.png")
    with Image.open(tmp_path / "noise.png") as written:
        assert "testkit.noise" in str(written.info)
    with pytest.raises(UserError, match="pictures of its own"):
        result.choose(0)


def test_what_makes_a_document_leaves_the_picture(picture, pixels):
    result = picture.run("testkit.noise")
    assert not result.applied
    assert np.array_equal(picture.pixels, pixels)
    assert result.picture is result[0]
    assert len(picture.history) == 0


def test_everything_shows_itself(picture):
    result = picture.run("testkit.shades")
    size = Image.open(io.BytesIO(picture._repr_png_())).size
    assert size == (30, 20)
    assert result._repr_html_().count("data:image/png;base64,") == 3
    noted = picture.run("testkit.invert", method="soft_light")
    assert "Ran with soft_light." in noted._repr_html_()
    assert "Ran with soft_light." in repr(noted)
    assert "Shades" in picture.history._repr_html_()
    picture.undo()
    assert "2 Invert undone" in repr(picture.history)
    assert "Background" in picture.layers._repr_html_()
    assert picture.layers[0]._repr_png_().startswith(b"\x89PNG")
    assert "30 x 20" in repr(picture)
    assert "strength" in studio.operations("testkit.invert")._repr_html_()
    assert "&lt;" not in studio.operations("testkit.invert")._repr_html_()
    assert next(each.id for each in studio.operations("negative")) == "adjustments.invert"
    assert len(studio.operations()) > 10
    assert "Levels(" not in repr(studio.operations("adjustments.levels"))


def test_large_pictures_are_shown_small():
    large = studio.open(np.zeros((10, 4000), np.uint16))
    assert Image.open(io.BytesIO(large._repr_png_())).size == (1024, 3)


def test_a_recipe_is_exported_and_done_to_another(picture, pixels, tmp_path):
    picture.select((0, 0, 15, 20))
    picture.run("adjustments.invert")
    picture.select(None)
    picture.run("testkit.enlarge", scale=2)
    recipe = picture.recipe("Half a negative")
    assert recipe.save(tmp_path / "half.toml").is_file()
    assert "scale 2" in repr(recipe)
    assert "Half a negative" in recipe._repr_html_()
    other = studio.open(pixels).replay(tmp_path / "half.toml")
    assert np.array_equal(other.pixels, picture.pixels)
    assert [step.title for step in other.history] == ["Invert", "Repeat pixels"]
    assert other.recipe("Half a negative").content.digest == recipe.content.digest
    other.undo()
    assert other.width == 30


def test_a_recipe_that_fails_changes_nothing(tmp_path):
    path = tmp_path / "recipe.toml"
    steps = ["testkit.enlarge", "testkit.picky"]
    path.write_text("recipe = 1\n" + "".join(f'[[steps]]\noperation = "{s}"\n' for s in steps))
    dark = studio.open(np.full((4, 4), 10, np.uint8))
    with pytest.raises(UserError, match="Step 2: The picture is too dark"):
        dark.replay(path)
    assert len(dark.history) == 0
    assert dark.width == 4


def test_a_bar_is_shown_on_a_terminal_alone(picture, monkeypatch, capsys):
    picture.run("testkit.invert")
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with running.shown("Enlarge") as bar:
        bar.progress(0.5, "Tile [red]")
    assert not running._in_notebook()


@pytest.fixture
def _keyboard():
    """Ctrl-C as in a terminal; what runs in the background of a shell ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_keyboard")
def test_ctrl_c_ends_a_run_and_leaves_the_picture(picture, pixels, tmp_path):
    def press():
        deadline = time.monotonic() + 20
        while not (tmp_path / "runs").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        picture.run("testkit.slow", marker=tmp_path / "runs")
    thread.join()
    assert np.array_equal(picture.pixels, pixels)
    picture.run("adjustments.invert")
    assert len(picture.history) == 1


LIGHT = """
import sys
import studio
assert "numpy" not in sys.modules and "studio.host" not in sys.modules, "the import is not cheap"
assert studio.__version__ and "open" in dir(studio)
picture = studio.open(sys.argv[1])
studio.operations()
repr(picture), picture._repr_png_()
heavy = {"torch", "diffusers", "PySide6"} & set(sys.modules)
assert not heavy, heavy
"""


def test_importing_studio_is_cheap_and_opening_needs_no_framework(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.png")
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, str(tmp_path / "photo.png")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_what_studio_does_not_have_is_said():
    with pytest.raises(AttributeError, match="opne"):
        studio.opne  # noqa: B018 - reading it is the test
