"""The services that all pictures of a process share."""

from __future__ import annotations

from functools import cache

from studio.host.services import Services, build_services


@cache
def services() -> Services:
    """Settings, plugins and models of this user; found at first use, without torch."""
    return build_services()


def max_pixels() -> int:
    """Larger pictures are refused."""
    return services().settings.max_megapixels * 1_000_000
