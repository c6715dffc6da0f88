"""What every part of a window is given."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from studio.host.services import Services
from studio.qt.background import Background
from studio.qt.editing import Edits
from studio.qt.hints.points import HintPoints
from studio.qt.library import Library
from studio.qt.masking.state import RunMask
from studio.qt.messages import MessageBar
from studio.qt.models import Models
from studio.qt.plugins import Plugins
from studio.qt.session import Session
from studio.qt.sketches import Sketches
from studio.qt.theme import Theme


@dataclass(frozen=True)
class Workspace:
    """The services of the host and the shared parts of one window.

    Attributes:
        services: settings, plugins, models and jobs.
        theme: colours and icons.
        background: threads for files and downloads.
        messages: the bar that tells what happened.
        session: the document that is open.
        models: what can be done with models.
    """

    services: Services
    theme: Theme
    background: Background
    messages: MessageBar
    session: Session
    models: Models

    @cached_property
    def plugins(self) -> Plugins:
        """What can be done with plugins."""
        return Plugins(self.services, self.background, self.session)

    @cached_property
    def library(self) -> Library:
        """Galleries of reference pictures."""
        return Library(self.services, self.background, self.messages, self.session, self.session)

    @cached_property
    def sketches(self) -> Sketches:
        """Pictures of the names that models know."""
        return Sketches(self.services, self.background, self.library, self.session)

    @cached_property
    def hints(self) -> HintPoints:
        """Colors that are known at points of the picture."""
        return HintPoints(self.session)

    @cached_property
    def mask(self) -> RunMask:
        """How a selection becomes the mask of a run."""
        return RunMask(self.session)

    @cached_property
    def edits(self) -> Edits:
        """Makes edits that may take long."""
        return Edits(self.background, self.messages)
