"""How large a canvas may become."""

from __future__ import annotations

from studio.api.errors import UserError
from studio.qt.i18n import tr
from studio.qt.workspace import Workspace


def require_fits(workspace: Workspace, width: int, height: int) -> None:
    """Refuse a canvas that is larger than the settings allow: what shows it would take the memory.

    Raises:
        UserError: naming its size and the largest one.
    """
    largest = workspace.services.settings.max_megapixels
    if width * height > largest * 1_000_000:
        raise UserError(
            tr("The picture would have {n} megapixels.", n=round(width * height / 1e6)),
            tr("Preferences allow {n}; choose a smaller size.", n=largest),
        )
