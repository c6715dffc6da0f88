"""What a model's names look like: pictures that an operation makes of them itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.api.models import ModelCard

NamesOf = Callable[[ModelCard], Sequence[str]]


@dataclass(frozen=True)
class Sketch:
    """How the small pictures beside the names of an `option` are made.

    Each is the first picture that an operation makes with seed 0, the name, and these values. They are
    made once for each model, while nobody waits for anything else, and kept.

    Attributes:
        operation: id of an operation with the input ``none``, which has the option, too.
        values: of its other parameters: such that it is quick, and shows what the name means.
    """

    operation: str
    values: Mapping[str, Any]
