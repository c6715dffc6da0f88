"""Versions of the plugin API, and the warnings that come before something is removed."""

from __future__ import annotations

import types

import pytest

import studio.api
from studio.api import ImpastoDeprecationWarning
from studio.api.deprecation import deprecated, noticed
from studio.api.version import parse_version

CALLER = """
def use(deprecated, what):
    deprecated(what, since="1.0", removed="1.2", instead="Use b.")
"""


def plugin(name: str):
    """A module of a plugin, and its function that uses what is deprecated."""
    module = types.ModuleType(name)
    exec(compile(CALLER, f"{name}.py", "exec"), vars(module))  # noqa: S102 - a module of its own
    return module.use


def test_a_plugin_is_told_once_what_it_uses_and_what_to_do():
    use = plugin("studio_dropins.my_blur.engine")
    with pytest.warns(ImpastoDeprecationWarning) as heard:
        [use(deprecated, what) for what in ("a", "a")]
    (warning,) = heard
    assert str(warning.message) == (
        "my_blur uses a, deprecated since plugin API 1.0 and to be removed in 1.2. Use b."
    )
    assert (warning.filename, warning.lineno) == ("studio_dropins.my_blur.engine.py", 3)
    assert [each.module for each in noticed() if each.what == "a"] == [
        "studio_dropins.my_blur.engine"
    ]


def test_each_plugin_is_told_of_each_thing():
    one, other = plugin("impasto_one.engine"), plugin("impasto_other")
    with pytest.warns(ImpastoDeprecationWarning) as heard:
        [use(deprecated, what) for use, what in ((one, "c"), (other, "c"), (one, "d"))]
    found = [str(warning.message).split(",")[0] for warning in heard]
    assert found == ["impasto_one uses c", "impasto_other uses c", "impasto_one uses d"]


@pytest.mark.parametrize(
    ("since", "removed"), [("1.0", "1.1"), ("1.3", "1.4"), ("1.2", "1.0"), ("1", "soon")]
)
def test_nothing_may_go_before_two_minor_versions(since: str, removed: str):
    with pytest.raises(ValueError, match="too early"):
        deprecated("e", since=since, removed=removed, instead="Use f.")


def test_the_next_major_version_may_drop_what_was_deprecated():
    def use():
        deprecated("g", since="1.7", removed="2.0", instead="Use h.")

    with pytest.warns(ImpastoDeprecationWarning, match=r"removed in 2\.0"):
        use()


@pytest.mark.parametrize(
    ("value", "version"),
    [
        (1, (1, 0)),
        ("1.2", (1, 2)),
        ("1.10", (1, 10)),
        *((wrong, None) for wrong in (True, None, 1.2, "1", "1.2.3", "v1.2", " 1.2", (1, 2))),
    ],
)
def test_what_is_a_version(value: object, version: tuple[int, int] | None):
    assert parse_version(value) == version


def test_the_api_says_its_version():
    assert parse_version(studio.api.__version__) is not None
    assert studio.api.__version__.startswith(f"{studio.api.API_VERSION}.")
