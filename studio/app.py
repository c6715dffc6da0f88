"""The window's start: builds the services and hands them to the window."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from studio.host.services import build_services
from studio.qt.collector import Collector
from studio.qt.i18n import set_language, translate_qt
from studio.qt.main_window import MainWindow
from studio.qt.problems import ExceptionHook
from studio.qt.theme import Theme, application_icon


def run(paths: Sequence[str | Path]) -> int:
    """Show the window until it is closed.

    Args:
        paths: pictures to open, each in a tab.

    Returns:
        The exit code of the process.
    """
    present = QApplication.instance()
    application = present if isinstance(present, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("Impasto")
    application.setApplicationDisplayName("")
    application.setDesktopFileName("impasto")
    application.setWindowIcon(application_icon())
    # Qt's loop does not let Python see Ctrl+C in the terminal.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    hook = ExceptionHook()
    hook.install()
    collector = Collector()
    try:
        services = build_services()
        set_language(services.settings.language)
        translate_qt(application)
        collector.start()
        window = MainWindow(services, Theme(application, services.settings.theme))
        hook.caught.connect(window.show_problem)
        window.show()
        window.warm_up.start()
        if paths:
            QTimer.singleShot(0, lambda: window.open(*map(Path, paths)))
        return application.exec()
    finally:
        collector.stop()
        hook.uninstall()
