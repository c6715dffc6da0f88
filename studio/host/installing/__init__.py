"""Installing and removing plugins with pip: what would change is known before anything does."""

from studio.host.installing.fresh import look
from studio.host.installing.pip import run_pip, shown
from studio.host.installing.plan import Change, Conflict, InstallPlan, make_plan
from studio.host.installing.removing import Removal, plan_removal, remove

__all__ = [
    "Change",
    "Conflict",
    "InstallPlan",
    "Removal",
    "look",
    "make_plan",
    "plan_removal",
    "remove",
    "run_pip",
    "shown",
]
