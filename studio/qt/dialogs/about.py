"""About Impasto: versions, licence, where its files are."""

from __future__ import annotations

import platform

import PySide6
from PySide6.QtCore import QSize, Qt, qVersion
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

import studio
from studio.host.services import Services
from studio.qt.dialogs.base import Dialog
from studio.qt.i18n import tr
from studio.qt.theme import application_icon
from studio.qt.widgets import label, title_label

VALUE_WIDTH = 400


class AboutDialog(Dialog):
    """Facts to tell when reporting a problem; all of them can be selected and copied."""

    def __init__(self, parent: QWidget | None, services: Services) -> None:
        super().__init__(parent, tr("About Impasto"), 520)
        logo = QLabel()
        logo.setPixmap(application_icon().pixmap(QSize(64, 64)))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        words.addWidget(title_label("Impasto", 1.7))
        words.addWidget(
            label(tr("An image editor whose tools are learned models"), "muted", wrap=True)
        )
        words.addStretch(1)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(logo)
        head.addLayout(words, 1)
        self.content.addLayout(head)
        facts = QFormLayout()
        facts.setHorizontalSpacing(16)
        facts.setVerticalSpacing(8)
        plugins, failed = len(services.registry.plugins), len(services.registry.failures)
        rows = {
            tr("Version"): studio.__version__,
            "Python": platform.python_version(),
            "Qt": f"{qVersion()} (PySide6 {PySide6.__version__})",
            tr("System"): platform.platform(terse=True),
            tr("Plugins"): tr("{loaded} loaded, {failed} failed", loaded=plugins, failed=failed),
            tr("Models"): str(services.store.cache_dir),
            tr("Settings"): str(services.settings.path or tr("not kept")),
            tr("License"): tr("Apache-2.0; models have licenses of their own, shown in Models"),
        }
        for name, text in rows.items():
            value = label(text, wrap=True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            value.setMinimumWidth(VALUE_WIDTH)  # so that the dialog is not high for narrow text
            facts.addRow(label(name, "muted"), value)
        self.content.addLayout(facts)
        self.add_close()
