"""Preferences: they take effect at once and are remembered."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from studio.api.errors import UserError
from studio.host.devices import DeviceInfo, describe_devices
from studio.host.settings import Settings
from studio.qt.background import Background
from studio.qt.dialogs.base import Dialog
from studio.qt.i18n import N_, languages, tr
from studio.qt.widgets import label

THEMES = ((N_("Follow the system"), "system"), (N_("Dark"), "dark"), (N_("Light"), "light"))
PRECISIONS = (
    (N_("Fast: half precision where the device has it"), "auto"),
    (N_("Exact: 32 bits, slower"), "float32"),
)
LANGUAGES = {"en": "English", "de": "Deutsch"}
"""Names of languages in themselves, which are not translated."""

HELP_WIDTH = 420


class Preferences(Dialog):
    """Theme, language, device, precision, memory for undo, largest picture, autosave."""

    def __init__(self, parent: QWidget | None, settings: Settings, background: Background) -> None:
        super().__init__(parent, tr("Preferences"), 520)
        self._settings = settings
        self.theme = self._choice(tr("Theme"), "theme", THEMES)
        self.language = self._choice(tr("Language"), "language", self._languages())
        self.device = self._choice(tr("Device"), "device", self._known_devices())
        self.precision = self._choice(tr("Precision"), "precision", PRECISIONS)
        self.history = self._number(tr("Memory for undo"), "history_budget_mb", 16, 65536, tr("MB"))
        self.pixels = self._number(
            tr("Largest picture"), "max_megapixels", 1, 10000, tr("megapixels")
        )
        self.autosave = self._number(tr("Keep work every"), "autosave_seconds", 1, 30, "s")
        self.backup = self._switch(
            tr("Keep the file that a save replaces, with ~ after its name"), "keep_backup"
        )
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(12)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        rows: tuple[tuple[str, QWidget, str], ...] = (
            (tr("Theme"), self.theme, ""),
            (tr("Language"), self.language, tr("Takes effect at the next start.")),
            (
                tr("Device"),
                self.device,
                tr("Where networks run. Automatic takes the first accelerator."),
            ),
            (tr("Precision"), self.precision, ""),
            (tr("Memory for undo"), self.history, tr("For pictures opened from now on.")),
            (tr("Largest picture"), self.pixels, tr("Larger files and results are refused.")),
            (tr("Keep work every"), self.autosave, tr("What is open is offered after a crash.")),
            (tr("Backup"), self.backup, ""),
        )
        for name, control, help_text in rows:
            title = label(name, "heading")
            title.setBuddy(control)
            field = QVBoxLayout()
            field.setSpacing(4)
            field.addWidget(control)
            if help_text:
                explanation = label(help_text, "muted", wrap=True)
                # On one line where it fits: a form gives wrapped text no room for a second one.
                wanted = explanation.fontMetrics().horizontalAdvance(help_text) + 8
                explanation.setMinimumWidth(min(wanted, HELP_WIDTH))
                field.addWidget(explanation)
            form.addRow(title, field)
        self.content.addLayout(form)
        self.problem = label("", "error", wrap=True)
        self.problem.hide()
        self.content.addWidget(self.problem)
        self.add_close()
        # Asking for devices imports torch, which takes seconds: not on this thread.
        background.run(describe_devices, self._show_devices, self._no_devices, self)

    def _choice(self, name: str, setting: str, choices: tuple[tuple[str, str], ...]) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for title, value in choices:
            box.addItem(tr(title), value)
        box.setCurrentIndex(max(box.findData(getattr(self._settings, setting)), 0))
        box.activated.connect(lambda _: self._update(setting, box.currentData()))
        return box

    def _number(self, name: str, setting: str, low: int, high: int, unit: str) -> QSpinBox:
        box = QSpinBox()
        box.setAccessibleName(name)
        box.setRange(low, high)
        box.setSuffix(f" {unit}")
        box.setKeyboardTracking(False)
        box.setValue(getattr(self._settings, setting))
        box.valueChanged.connect(lambda value: self._update(setting, value))
        return box

    def _switch(self, name: str, setting: str) -> QCheckBox:
        box = QCheckBox(name)
        box.setAccessibleName(name)
        box.setChecked(getattr(self._settings, setting))
        box.ensurePolished()
        box.setMinimumWidth(box.sizeHint().width())  # styled ones say that less would do
        box.toggled.connect(lambda on: self._update(setting, on))
        return box

    def _update(self, setting: str, value: object) -> None:
        try:
            self._settings.update(**{setting: value})
        except UserError as error:
            self.problem.setText(str(error))
        else:
            self.problem.setText(self._settings.problem)
        self.problem.setVisible(bool(self.problem.text()))

    @staticmethod
    def _languages() -> tuple[tuple[str, str], ...]:
        known = ((LANGUAGES.get(code, code), code) for code in languages())
        return ((N_("As the system"), "system"), *known)

    def _known_devices(self) -> tuple[tuple[str, str], ...]:
        device = self._settings.device
        known = [(N_("Automatic"), "auto"), (N_("Processor"), "cpu")]
        if device not in ("auto", "cpu"):
            known.append((device, device))
        return tuple(known)

    def _show_devices(self, devices: list[DeviceInfo]) -> None:
        self.device.clear()
        self.device.addItem(tr("Automatic"), "auto")
        for info in devices:
            memory = f"{info.total / 2**30:.0f} GB, {info.precision}"
            untested = "" if info.tested else tr(", untested")
            self.device.addItem(f"{info.name or info.spec} ({memory}{untested})", info.spec)
        self.device.setCurrentIndex(max(self.device.findData(self._settings.device), 0))

    def _no_devices(self, error: BaseException) -> None:
        self.problem.setText(tr("The devices cannot be listed: {error}", error=error))
        self.problem.show()
