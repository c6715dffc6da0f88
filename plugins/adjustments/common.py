"""What the declarations of all adjustments have in common."""

from __future__ import annotations

from functools import partial

from studio.api import Operation

adjustment = partial(Operation, menu="Adjust", context_pixels=0, live=True, may_blacken=True)
"""`Operation` with what all of these share; each declaration fills in, or overrides, the rest.

Pixels depend on no others (``context_pixels=0``; blurs say otherwise), the canvas shows the result
while the form is open (``live``), and an all-black result can be right (``may_blacken``).
"""
