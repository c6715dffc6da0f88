"""What tests of several plugins need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from . import tiny_diffusers


@pytest.fixture(scope="session")
def diffusion(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folder of a tiny diffusion model by its kind, made when it is first asked for.

    ``sd``: Stable Diffusion; ``xl``: its larger kind; ``fills``: one that fills holes; ``control``: a
    ControlNet for the first.
    """
    pytest.importorskip("transformers")
    pytest.importorskip("diffusers")
    folder = tmp_path_factory.mktemp("diffusion")
    makers = {
        "sd": lambda: tiny_diffusers.saved(folder, "sd"),
        "xl": lambda: tiny_diffusers.saved(folder, "xl", xl=True),
        "fills": lambda: tiny_diffusers.saved(folder, "fills", channels=9),
        "control": lambda: tiny_diffusers.control(folder, made("sd")),
    }
    known: dict[str, Path] = {}

    def made(kind: str) -> Path:
        if kind not in known:
            known[kind] = makers[kind]()
        return known[kind]

    return made


@pytest.fixture
def pipeline(diffusion: Callable[[str], Path]) -> Path:
    """A Stable Diffusion inpainting pipeline of a few thousand weights, saved as a folder."""
    return diffusion("fills")
