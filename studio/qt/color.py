"""From the picture's profile to the monitor's: the one chosen, the system's, or sRGB."""

from __future__ import annotations

import logging
from pathlib import Path

from studio.api.errors import UserError
from studio.document import Array

log = logging.getLogger(__name__)
_monitor: bytes | None = None


def monitor_profile() -> bytes | None:
    """The profile that pictures are shown through; None is sRGB."""
    return _monitor


def set_monitor_profile(icc: bytes | None) -> None:
    """Show pictures through this RGB profile from now on; None is sRGB."""
    global _monitor  # noqa: PLW0603 - one screen, asked for from many threads
    _monitor = icc


def to_monitor(pixels: Array, icc: bytes | None) -> Array:
    """Straight RGBA for the screen; a profile that cannot be used counts as sRGB."""
    if icc == _monitor:
        return pixels
    from studio.files.profiles import convert

    for source in (icc, None):
        try:
            return convert(pixels, source, _monitor, fast=True)
        except UserError:
            continue
    return pixels


def chosen_or_system(path: str, screen: str) -> bytes | None:
    """The profile in a file, or without a path the one that the system has for a screen.

    May take a second: call it on a thread.

    Args:
        path: an ICC file; empty asks the system.
        screen: name of the screen, as Qt has it.

    Raises:
        UserError: the file cannot be used.
    """
    from studio.files.profiles import is_usable, read_profile

    if path:
        return read_profile(Path(path))
    found = _from_colord(screen)
    if found is None:
        return None
    try:
        icc = Path(found).read_bytes()
    except OSError:
        log.warning("the monitor's profile %s cannot be read", found)
        return None
    return icc if is_usable(icc) else None


def _from_colord(screen: str) -> str | None:
    """Path of the profile that colord, the Linux service for it, has assigned to a screen."""
    try:
        from PySide6.QtDBus import QDBusConnection, QDBusInterface
    except ImportError:  # not in Qt for Windows and macOS
        return None
    name, path = "org.freedesktop.ColorManager", "/org/freedesktop/ColorManager"
    bus = QDBusConnection.systemBus()
    if not bus.isConnected():
        return None
    manager = QDBusInterface(name, path, name, bus)
    manager.setTimeout(1000)
    if not manager.isValid():
        return None
    answer = manager.call("FindDeviceByProperty", "XRANDR_name", screen).arguments()
    device_path = _object_path(answer)
    if device_path is None:
        return None
    device = QDBusInterface(name, device_path, f"{name}.Device", bus)
    profiles = device.property("Profiles")
    profile_path = _object_path(list(profiles or ()))
    if profile_path is None:
        return None
    filename = QDBusInterface(name, profile_path, f"{name}.Profile", bus).property("Filename")
    return str(filename) if filename else None


def _object_path(values: list[object]) -> str | None:
    """The first answer as an object's path; None for an error's text or nothing."""
    if not values:
        return None
    first = values[0]
    path = first.path() if hasattr(first, "path") else str(first)
    return path if path.startswith("/") else None
