"""Diffusion pipelines of the user's own: a tiny one, made from its configuration, fills a hole."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from studio.api import UserError
from studio.document import composite
from studio.host.observer import Observer
from studio_plugins.inpainting.diffusion import made_for

from .conftest import disc


def test_no_pipeline_is_told(run, picture, photo):
    with pytest.raises(UserError, match="No diffusion model is chosen"):
        run(picture(photo(40, 40), disc(40, 40, 8)), engine="diffusion")


def test_a_missing_folder_is_told(run, picture, photo, tmp_path):
    with pytest.raises(UserError, match="There is no"):
        run(
            picture(photo(40, 40), disc(40, 40, 8)),
            engine="diffusion",
            pipeline=str(tmp_path / "nowhere"),
        )


def test_a_missing_library_is_told(run, picture, photo, tmp_path, monkeypatch):
    pytest.importorskip("diffusers")  # which looks for transformers once, when it is imported
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UserError, match="transformers") as caught:
        run(picture(photo(40, 40), disc(40, 40, 8)), engine="diffusion", pipeline=str(tmp_path))
    assert "impasto[diffusion]" in caught.value.hint


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_tiny_pipeline_fills_the_hole_and_nothing_else(run, picture, photo, pipeline):
    pixels, mask = photo(100, 100), disc(100, 100, 15)
    given = {"engine": "diffusion", "pipeline": str(pipeline), "prompt": "a", "steps": 2}
    result = run(picture(pixels, mask), variations=2, **given)
    assert result.variations == 2
    after = [composite(result.after(n))[..., :3] for n in range(2)]
    assert not np.array_equal(*after)
    for each in after:
        assert np.array_equal(each[mask == 0], pixels[mask == 0])
        assert not np.array_equal(each[mask > 0], pixels[mask > 0])
    again = composite(run(picture(pixels, mask), **given).after())[..., :3]
    assert np.array_equal(again, after[0])


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_windows_are_not_shown_as_if_they_were_the_picture(run, picture, photo, pipeline):
    class Watching(Observer):
        messages, previews = (), ()

        def progress(self, _fraction, message):
            self.messages = (*self.messages, message)

        def tile(self, preview):
            self.previews = (*self.previews, preview)

    watching = Watching()
    given = {"engine": "diffusion", "pipeline": str(pipeline), "steps": 2}
    run(picture(photo(400, 300), disc(400, 300, 9)), observer=watching, **given)
    assert "Step 2 of 2" in watching.messages
    assert watching.previews == ()


def test_the_size_that_a_model_was_made_for_is_read(pipeline, tmp_path):
    assert made_for(pipeline) == 32
    assert made_for(tmp_path) == 512


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_folder_without_a_pipeline_is_told(run, picture, photo, tmp_path):
    pytest.importorskip("transformers")
    with pytest.raises(UserError, match="cannot be read as a diffusion model"):
        run(picture(photo(40, 40), disc(40, 40, 8)), engine="diffusion", pipeline=str(tmp_path))
