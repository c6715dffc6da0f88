"""What operations of this plugin have in common: they begin with noise, and may make black pictures."""

from __future__ import annotations

from functools import partial

from studio.api import Operation

making = partial(
    Operation,
    menu="Generate",
    provenance="generated",
    input="none",
    selection="ignored",
    preview=False,
    seeded=True,
    may_blacken=True,
)
"""An operation that makes pictures from nothing."""
changing = partial(
    Operation,
    menu="Generate",
    provenance="composite",
    preview=False,
    seeded=True,
    may_blacken=True,
)
"""An operation that draws a part of a picture anew."""
