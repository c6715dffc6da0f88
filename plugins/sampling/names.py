"""What the chosen model knows by name: its classes and its styles."""

from __future__ import annotations

import json

from studio.api import FollowUp, ModelCard

LABELS = "labels"
"""Entry of a card's extra: names of classes, one a line."""
ENLARGE = FollowUp("super-resolution.upscale", "Enlarge", {"scale": 4.0})
"""All these pictures are small."""


def classes_of(card: ModelCard) -> tuple[str, ...]:
    """Names of the classes of a model, in their order; empty if it has none."""
    listed = tuple(name for name in card.extra.get(LABELS, "").split("\n") if name)
    return listed or _designed(card, "labels")


def styles_of(card: ModelCard) -> tuple[str, ...]:
    """Names of the styles of a painter; empty if it has but one."""
    return _designed(card, "styles")


def _designed(card: ModelCard, name: str) -> tuple[str, ...]:
    """What the card of a painter says of its design; nothing if that cannot be read."""
    try:
        design = json.loads(card.extra.get("design", "{}"))
    except ValueError:
        return ()
    found = design.get(name) if isinstance(design, dict) else None
    return tuple(map(str, found)) if isinstance(found, list) else ()
