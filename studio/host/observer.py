"""Who watches a run."""

from __future__ import annotations

from studio.host.previews import TilePreview


class Observer:
    """Hears of a run's progress and may stop it. The base hears nothing and never stops.

    Methods are called on the thread that runs the operation.
    """

    def progress(self, fraction: float, message: str) -> None:
        """``fraction`` of the run in [0, 1] is done."""

    def tile(self, preview: TilePreview) -> None:
        """A piece of the result is finished."""

    def note(self, message: str) -> None:
        """Something the user should know of this result."""

    def cancelled(self) -> bool:
        """Whether the run is to stop; asked before every layer of a network, so answer fast."""
        return False

    def stopping(self) -> bool:
        """Whether the run is to end early and keep what it has; asked between its steps."""
        return False

    def give_way(self) -> bool:
        """A point at which the run can pause for something more urgent; whether it did."""
        return False
