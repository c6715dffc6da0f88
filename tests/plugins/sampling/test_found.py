"""The plugin is found and loads like anyone's."""

from __future__ import annotations

from studio.host.plugins import discover


def test_the_plugin_is_found():
    registry = discover(None)
    assert not registry.failures
    assert "sampling" in {plugin.name for plugin in registry.plugins}
