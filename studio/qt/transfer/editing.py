"""Edits of a whole document that take a while: computed on a thread, then one undo step."""

from __future__ import annotations

from collections.abc import Callable

from studio.document import Picture
from studio.qt.files import Files
from studio.qt.i18n import tr
from studio.qt.workspace import Workspace

Change = Callable[[Picture], Picture]
_TRIES = 3


def apply_later(
    workspace: Workspace, files: Files, title: str, change: Change, tries: int = _TRIES
) -> None:
    """Make one undo step of ``change`` without holding up the window.

    If the picture is edited meanwhile, it is computed again for what there is then.

    Args:
        workspace: whose document in front is changed, also if another one comes to the front.
        files: tells that something is going on.
        title: of the undo step.
        change: picture to picture; runs on a thread; a `UserError` is shown.
        tries: after so many edits in between it gives up, and says so.
    """
    document = workspace.session.document
    if document is None:
        return
    before = document.picture
    files.busy.emit(tr("{title}…", title=title))

    def done(after: Picture) -> None:
        files.busy.emit("")
        if document.picture is before:
            document.apply(title, lambda picture: after if picture is before else change(picture))
        elif tries > 1 and workspace.session.document is document:
            apply_later(workspace, files, title, change, tries - 1)
        else:
            workspace.messages.show_message(
                "warning",
                tr("{title} was given up: the picture kept changing.", title=title),
                tr("Try again when nothing else is going on."),
            )

    def failed(error: BaseException) -> None:
        files.busy.emit("")
        workspace.messages.show_error(error)

    workspace.background.run(lambda: change(before), done, failed)
