"""What is said of a training."""

from __future__ import annotations

from studio.host.training.checks import FolderCheck
from studio.host.training.records import RunState
from studio.host.training.run import TrainingRun
from studio.qt.i18n import N_, retold, tr
from studio.qt.problems import in_words
from studio.qt.widgets import duration

STATES = {
    RunState.WAITING: (N_("Waits for the one before it"), "jobs", "muted"),
    RunState.PREPARING: (N_("Preparing"), "run", "link"),
    RunState.RUNNING: (N_("Running"), "run", "link"),
    RunState.PAUSING: (N_("Saving its state"), "pause", "warning"),
    RunState.PAUSED: (N_("Paused"), "pause", "warning"),
    RunState.FINISHING: (N_("Finishing"), "run", "link"),
    RunState.FINISHED: (N_("Finished"), "success", "success"),
    RunState.FAILED: (N_("Failed"), "error", "error"),
    RunState.INTERRUPTED: (N_("Interrupted"), "warning", "warning"),
}
"""Of each state: words, icon and color."""


def run_text(run: TrainingRun) -> str:
    """Where a run is, in one or two lines."""
    state = run.state
    if state is RunState.WAITING:
        return tr(STATES[state][0])
    if state is RunState.FINISHED:
        return tr("Finished in {time}", time=duration(round(run.seconds)))
    if run.error is not None and state in (RunState.FAILED, RunState.INTERRUPTED):
        return "\n".join(in_words(run.error.message, run.error.hint)).strip()
    parts = [tr(STATES[state][0])]
    if state in (RunState.PREPARING, RunState.RUNNING) and run.message:
        parts = [retold(run.message)]
    if run.fraction > 0:
        parts.append(f"{run.fraction:.0%}")
    if run.seconds_left is not None:
        parts.append(tr("{time} left", time=duration(round(run.seconds_left))))
    return " · ".join(parts)


def check_text(found: FolderCheck) -> str:
    """What a folder was found to hold."""
    if found.folder.kind == "pairs":
        text = tr("{n} pairs", n=found.count)
    else:
        text = tr("{n} pictures", n=found.count)
    if found.left_out:
        text += " · " + tr(
            "{n} are too small (below {side} px)", n=found.left_out, side=found.folder.smallest
        )
    return text
