"""Choosing a colour profile to convert to or to assign."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QFormLayout, QWidget

from studio.api.errors import UserError
from studio.files.profiles import Intent, named_profiles, profile_name, read_profile
from studio.qt.dialogs.base import Dialog
from studio.qt.i18n import N_, tr
from studio.qt.widgets import label

_INTENTS = {
    "relative": N_("Relative colorimetric: what fits stays exact"),
    "perceptual": N_("Perceptual: everything moves a little"),
    "saturation": N_("Saturation: vivid before exact"),
    "absolute": N_("Absolute colorimetric: paper white too"),
}


def ask_profile_file(parent: QWidget, folder: str) -> str:
    """Let the user choose an ICC file; empty if none."""
    name, _ = QFileDialog.getOpenFileName(
        parent, tr("Choose a color profile"), folder, tr("Color profiles (*.icc *.icm)")
    )
    return name


class ProfileDialog(Dialog):
    """A list of profiles, one from a file among them, and for conversions the intent."""

    def __init__(self, parent: QWidget | None, icc: bytes | None, *, convert: bool) -> None:
        title = tr("Convert to a color profile") if convert else tr("Assign a color profile")
        super().__init__(parent, title, 480)
        self._profiles: list[bytes | None] = []
        self.profile = QComboBox()
        self.profile.setAccessibleName(tr("Profile"))
        for name, known in named_profiles().items():
            self._profiles.append(None if name == "sRGB" else known)
            self.profile.addItem(name)
        self.profile.addItem(tr("From a file…"))
        self.profile.activated.connect(self._chosen)
        self._last = 0
        self.intent = QComboBox()
        self.intent.setAccessibleName(tr("Rendering intent"))
        for text in _INTENTS.values():
            self.intent.addItem(tr(text))
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(12)
        form.addRow(label(tr("Now"), "heading"), label(profile_name(icc)))
        self._row(form, tr("Profile"), self.profile)
        if convert:
            self._row(form, tr("Rendering intent"), self.intent)
        self.content.addLayout(form)
        self.content.addWidget(label(self._explanation(convert=convert), "muted", wrap=True))
        self.problem = label("", "error", wrap=True)
        self.problem.hide()
        self.content.addWidget(self.problem)
        self.add_accept(tr("Convert") if convert else tr("Assign"))

    @staticmethod
    def _row(form: QFormLayout, text: str, field: QWidget) -> None:
        title = label(text, "heading")
        title.setBuddy(field)
        form.addRow(title, field)

    @staticmethod
    def _explanation(*, convert: bool) -> str:
        if convert:
            return tr(
                "The picture looks as before, as far as the profile can show its colors. The "
                "intent matters for profiles that are tables, such as those of printers."
            )
        return tr("The numbers stay, and mean other colors: the picture looks different.")

    def _chosen(self, index: int) -> None:
        if index < len(self._profiles):
            self._last = index
            return
        name = ask_profile_file(self, "")
        try:
            if name:
                self.add_file(Path(name))
        except UserError as error:
            self.problem.setText(f"{error.message} {error.hint}")
            self.problem.show()
        self.profile.setCurrentIndex(self._last)

    def add_file(self, path: Path) -> None:
        """Offer a profile from a file, and choose it.

        Raises:
            UserError: it is no RGB profile.
        """
        icc = read_profile(path)
        self.problem.hide()
        self._profiles.append(icc)
        self._last = len(self._profiles) - 1
        self.profile.insertItem(self._last, profile_name(icc))
        self.profile.setCurrentIndex(self._last)

    def choice(self) -> tuple[bytes | None, Intent]:
        """The profile (None is sRGB) and the intent."""
        intents: tuple[Intent, ...] = get_args(Intent)
        return self._profiles[self._last], intents[max(self.intent.currentIndex(), 0)]


class DepthDialog(Dialog):
    """Whether to dither on the way from 16 to 8 bits."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent, tr("Reduce to 8 bits"), 440)
        self.dither = QCheckBox(tr("Dither, so that gradients get no bands"))
        self.dither.setAccessibleName(tr("Dither"))
        self.dither.setChecked(True)
        self.content.addWidget(self.dither)
        text = tr("Without it every value is rounded to the nearest. Masks stay as they are.")
        self.content.addWidget(label(text, "muted", wrap=True))
        self.add_accept(tr("Reduce"))


class MonitorDialog(Dialog):
    """The profile of the monitor: the system's or one from a file."""

    def __init__(self, parent: QWidget | None, path: str, in_use: bytes | None) -> None:
        super().__init__(parent, tr("Colors of the monitor"), 480)
        self._path = path
        self.source = QComboBox()
        self.source.setAccessibleName(tr("Monitor profile"))
        self.source.addItem(tr("From the system, or sRGB"))
        if path:
            self.source.addItem(Path(path).name)
            self.source.setCurrentIndex(1)
        self.source.addItem(tr("From a file…"))
        self.source.activated.connect(self._chosen)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(12)
        form.addRow(label(tr("In use"), "heading"), label(profile_name(in_use)))
        title = label(tr("Monitor profile"), "heading")
        title.setBuddy(self.source)
        form.addRow(title, self.source)
        self.content.addLayout(form)
        self.problem = label("", "error", wrap=True)
        self.problem.hide()
        self.content.addWidget(self.problem)
        self.add_accept(tr("Use it"))

    def _chosen(self, index: int) -> None:
        if index < self.source.count() - 1:
            return
        name = ask_profile_file(self, "")
        try:
            if name:
                read_profile(Path(name))
                self.add_path(name)
                return
        except UserError as error:
            self.problem.setText(f"{error.message} {error.hint}")
            self.problem.show()
        self.source.setCurrentIndex(1 if self._path else 0)

    def add_path(self, path: str) -> None:
        """Offer a file, and choose it."""
        if self._path:
            self.source.removeItem(1)
        self._path = path
        self.source.insertItem(1, Path(path).name)
        self.source.setCurrentIndex(1)

    def choice(self) -> str:
        """Path of the file; empty for the system's profile."""
        return self._path if self.source.currentIndex() == 1 else ""
