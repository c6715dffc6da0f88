"""What plugins declare, in the language of the window."""

from __future__ import annotations

from dataclasses import replace

from studio.api.parameters import ParameterSpec
from studio.qt.i18n import tr


def translated(spec: ParameterSpec) -> ParameterSpec:
    """A parameter with its texts translated, as far as the catalogs know them."""
    choices = tuple(replace(choice, title=tr(choice.title)) for choice in spec.choices)
    return replace(spec, title=tr(spec.title), help=tr(spec.help), choices=choices)
