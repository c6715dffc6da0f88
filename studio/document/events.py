"""Listening to psygnal events such that one failing listener neither stops the others nor the edit."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from psygnal import EmitLoopError, SignalInstance

log = logging.getLogger(__name__)


def listen(signal: SignalInstance, callback: Callable[..., Any]) -> Callable[[], None]:
    """Call ``callback`` at every emission; if it raises, that is logged and the others still run.

    Returns:
        A function that stops listening. Until then the callback is kept alive.
    """

    def guarded(*args: Any) -> None:
        try:
            callback(*args)
        except Exception:
            log.exception("a listener of %s failed", signal.name)

    signal.connect(guarded, check_nargs=False)
    return lambda: signal.disconnect(guarded, missing_ok=True)


def emit(signal: SignalInstance, *args: Any) -> None:
    """Emit after a change is committed: a listener's failure is logged, never raised."""
    try:
        signal.emit(*args)
    except EmitLoopError:
        log.exception("a listener of %s failed", signal.name)
