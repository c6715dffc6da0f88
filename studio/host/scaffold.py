"""``impasto plugins new``: the files of a plugin to start from."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from studio import __version__
from studio.api.errors import UserError
from studio.api.version import API_VERSION
from studio.host.candidates import GROUP, slug

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PYPROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "impasto-$name"
version = "0.1.0"
description = "A plugin for Impasto"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["impasto>=$version"]

[project.optional-dependencies]
test = ["pytest"]

[project.entry-points."$group"]
$name = "$package"

[tool.setuptools.packages.find]
where = ["src"]

[tool.setuptools.package-data]
"*" = ["py.typed", "*.toml", "*.safetensors"]

[tool.pytest.ini_options]
pythonpath = ["src"]
testpaths = ["tests"]
"""
_INIT = '''\
"""$title: a plugin for Impasto.

Imported at every start: it declares, and imports nothing but studio.api. What runs is in engine.py.
"""

from __future__ import annotations

from studio.api import Operation, Parameters, Preset, hookimpl, integer

api_version = $api_version


class $class_name(Parameters):
    """What the user can choose."""

    levels: int = integer(4, minimum=2, maximum=32, help="Steps of light in each channel.")


@hookimpl
def operations() -> list[Operation]:
    """What this plugin offers."""
    return [
        Operation(
            id="$name.apply",
            title="$title",
            menu="Adjust",
            help="Leave a few steps of light in each channel.",
            parameters=$class_name,
            function=".engine:apply",
            may_blacken=True,
            context_pixels=0,
            presets=(Preset("Poster", {"levels": 3}),),
        )
    ]
'''
_ENGINE = '''\
"""The functions that run; imported at their first run, so torch may be imported here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from studio.api import Context

if TYPE_CHECKING:
    from $package import $class_name


def apply(
    pixels: torch.Tensor,
    _mask: torch.Tensor | None,
    parameters: $class_name,
    context: Context,
) -> torch.Tensor:
    """Round every channel to a few levels.

    Args:
        pixels: 1 x 3 x H x W, RGB in [0, 1]; not to be written into.
        _mask: 1 x 1 x H x W in [0, 1]; the host writes only where it is above 0.
        parameters: what the user chose.
        context: progress, device, models; raises Cancelled when the user asks to stop.

    Returns:
        Pixels of the same shape.
    """
    context.progress(0.0, "Rounding")
    steps = parameters.levels - 1
    return torch.round(pixels * steps) / steps
'''
_TEST = '''\
"""What the operation does, and that the plugin keeps what every plugin promises."""

from __future__ import annotations

from pathlib import Path

from studio.api.testing import PluginConformance


class TestConformance(PluginConformance):
    """A test for each rule of `impasto plugins check`."""

    plugin = Path(__file__).parents[1]


def test_few_levels_are_left() -> None:
    import torch

    from $package import $class_name
    from $package.engine import apply

    class Silent:
        def progress(self, fraction, message="", preview=None):
            assert 0 <= fraction <= 1

    ramp = torch.linspace(0, 1, 256).expand(1, 3, 1, 256)
    result = apply(ramp, None, $class_name(levels=3), Silent())
    assert result.unique().tolist() == [0, 0.5, 1]
'''
_README = """\
# $title

A plugin for Impasto: *Adjust > $title* leaves a few steps of light in each channel.

```sh
pip install -e ".[test]"
impasto plugins check .
pytest
impasto run $name.apply photo.jpg -o out.png --levels 3
```

`src/$package/__init__.py` declares the operation: from that come its form, its menu entry, its
flags and its step in a recipe. `engine.py` beside it runs. Change both, then this page: what it
does, its models and their licenses, and what it cannot do.
"""
_GITIGNORE = "__pycache__/\n*.egg-info/\nbuild/\ndist/\n"


def write(name: str, folder: Path) -> Path:
    """Write the project of a new plugin into a folder of its name.

    Args:
        name: of the plugin, in lower case with dashes.
        folder: in which its folder is made.

    Returns:
        The folder of the project.

    Raises:
        UserError: if the name is none, or something is in the way.
    """
    if not _NAME.fullmatch(name):
        raise UserError(
            f'"{name}" cannot be the name of a plugin.',
            "Use lower case, digits and dashes, such as my-plugin.",
        )
    project = folder / name
    if project.exists():
        raise UserError(f"{project} exists already.", "Choose another name or folder.")
    words = name.split("-")
    package = f"impasto_{slug(name)}"
    values = {
        "name": name,
        "package": package,
        "title": " ".join(words).capitalize(),
        "class_name": "".join(word.capitalize() for word in words) + "Parameters",
        "group": GROUP,
        "version": __version__,
        "api_version": API_VERSION,
    }
    for path, text in _files(package).items():
        file = project / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(Template(text).substitute(values), encoding="utf-8")
        except OSError as error:
            raise UserError(
                f"{file} cannot be written: {error.strerror or error}.", "Choose another folder."
            ) from error
    return project


def _files(package: str) -> dict[str, str]:
    return {
        "pyproject.toml": _PYPROJECT,
        "README.md": _README,
        ".gitignore": _GITIGNORE,
        f"src/{package}/__init__.py": _INIT,
        f"src/{package}/engine.py": _ENGINE,
        f"src/{package}/py.typed": "",
        "tests/test_plugin.py": _TEST,
    }
