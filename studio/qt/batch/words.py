"""What is said of recipes and batches."""

from __future__ import annotations

from studio.host.batch.items import Outcome
from studio.host.batch.runs import BatchRun, BatchState
from studio.host.recipes import Recipe
from studio.host.recipes.export import Exported
from studio.qt.i18n import N_, tr
from studio.qt.problems import in_words
from studio.qt.widgets import duration

STATES = {
    BatchState.WAITING: (N_("Waiting"), "jobs", "muted"),
    BatchState.RUNNING: (N_("Running"), "run", "link"),
    BatchState.PAUSED: (N_("Paused"), "pause", "warning"),
    BatchState.DONE: (N_("Done"), "success", "success"),
    BatchState.FAILED: (N_("Failed"), "error", "error"),
    BatchState.CANCELLED: (N_("Canceled"), "close", "muted"),
}
"""Of each state: words, icon and color."""
SHOWN_STEPS = 6


def run_text(run: BatchRun) -> str:
    """Where a batch is, in one line or two."""
    if run.error is not None:
        return "\n".join(in_words(run.error.message, run.error.hint)).strip()
    parts = [tr(STATES[run.state][0])]
    if run.cancel_requested.is_set() and not run.state.finished:
        parts = [tr("Canceling…")]
    elif run.watching:
        parts = [tr("Watching for new pictures")]
    elif not run.go_on.is_set() and run.state is BatchState.RUNNING:
        parts = [tr("Pausing after this picture")]
    if run.count:
        parts.append(tr("{done} of {count}", done=run.done, count=run.count))
    if run.skipped:
        parts.append(tr("{n} were done already", n=run.skipped))
    if run.failed:
        parts.append(tr("{n} failed", n=run.failed))
    if run.seconds_left is not None and not run.cancel_requested.is_set():
        parts.append(tr("{time} left", time=duration(round(run.seconds_left))))
    elif run.state is BatchState.DONE and run.summary is not None:
        parts.append(duration(round(run.summary.seconds)))
    return " · ".join(parts)


def problem_text(outcome: Outcome) -> str:
    """What went wrong with one picture."""
    words = " ".join(in_words(outcome.message, outcome.hint)).strip()
    return f"{outcome.item.source}\n{words}\n"


def recipe_text(recipe: Recipe) -> str:
    """What a recipe does: its steps, the first few by name."""
    names = [tr(step.title) if step.title else _plain(step) for step in recipe.steps]
    shown = ", ".join(names[:SHOWN_STEPS])
    more = len(names) - SHOWN_STEPS
    return tr("{names} and {n} more", names=shown, n=more) if more > 0 else shown


def missing_text(exported: Exported) -> str:
    """What of a history is not in its recipe, a line for each; empty if all of it is."""
    lines = []
    if exported.left_out:
        names = ", ".join(
            name if times == 1 else f"{name} (x{times})"
            for name, times in exported.left_out.items()
        )
        lines.append(tr("It cannot hold these steps: {names}.", names=names))
    if exported.forgotten:
        lines.append(tr("The history has forgotten its oldest steps ({n}).", n=exported.forgotten))
    if exported.layers > 1:
        lines.append(
            tr("It begins with a picture of one layer; this one had {n}.", n=exported.layers)
        )
    return "\n".join(lines)


def _plain(step: object) -> str:
    return str(getattr(step, "operation", "") or getattr(step, "edit", ""))
