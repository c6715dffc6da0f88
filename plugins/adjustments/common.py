"""What the declarations of all adjustments have in common."""

from __future__ import annotations

from functools import partial

from studio.api import Operation

adjustment = partial(Operation, menu="Adjust", context_pixels=0, live=True, may_blacken=True)
"""An operation on single pixels, shown live; each topic fills in the rest."""
