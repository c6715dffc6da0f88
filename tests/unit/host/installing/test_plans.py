"""What an installation would change, and what it would break."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from studio.api.errors import UserError
from studio.host.installing import InstallPlan, make_plan, shown
from studio.host.installing.packages import Package, in_use, installed
from studio.host.installing.plan import install_command, read_report


def package(
    name: str,
    version: str,
    *requirements: str,
    extras: tuple[str, ...] = (),
    is_plugin: bool = False,
) -> Package:
    return Package(name, version, tuple(map(Requirement, requirements)), extras, is_plugin)


HERE = {
    canonicalize_name(each.name): each
    for each in (
        package(
            *(
                "impasto",
                "0.1.0",
                "numpy>=1.26",
                "Torch>=2.6",
                'transformers>=4.45; extra=="words"',
            ),
            extras=("words",),
        ),
        package("impasto-lights", "1.0", "impasto", "light_maths[fast]<2", is_plugin=True),
        package(
            *("Light-Maths", "1.5", "numpy", 'speed<3; extra=="fast"', 'slow<3; extra=="slow"'),
            extras=("fast", "slow"),
        ),
        package("torch", "2.7", "sympy==1.13.1", 'windows-only<1; sys_platform=="none"'),
        *(package("numpy", "2.1"), package("sympy", "1.13.1"), package("speed", "2.0")),
        *(package("slow", "2.0"), package("windows-only", "0.5"), package("transformers", "4.50")),
        package("unrelated", "1.0", "numpy<2.2"),
    )
}


def plan(*items: tuple[str, str, tuple[str, ...]]) -> InstallPlan:
    """Of a report; the first package is the one that was asked for."""
    report: dict[str, Any] = {
        "install": [
            {
                "metadata": {"name": name, "version": version, "requires_dist": list(needs)},
                "requested": number == 0,
            }
            for number, (name, version, needs) in enumerate(items)
        ]
    }
    return read_report(("python", "-m", "pip"), report, HERE)


def test_what_is_new_and_what_changes():
    made = plan(("impasto-darks", "2.0", ("numpy>=2.2",)), ("numpy", "2.3", ()))
    assert [(c.name, c.before, c.after) for c in made.changes] == [
        ("impasto-darks", "", "2.0"),
        ("numpy", "2.1", "2.3"),
    ]
    assert made.requested == ("impasto-darks",)
    assert made.replaces
    made.check()  # what nobody here uses may break: pip will say so
    assert not plan(("impasto-darks", "2.0", ())).replaces


@pytest.mark.parametrize(
    ("name", "version", "owner", "needs"),
    [
        ("numpy", "1.20", "impasto 0.1.0", "numpy>=1.26"),
        ("light-maths", "2.0", "impasto-lights 1.0", "light_maths<2"),
        ("sympy", "1.14", "torch 2.7", "sympy==1.13.1"),
        ("Speed", "3.1", "Light-Maths 1.5", "speed<3"),
        ("transformers", "4.40", "impasto 0.1.0", "transformers>=4.45"),
    ],
)
def test_what_would_break_is_refused_with_both_names(
    name: str, version: str, owner: str, needs: str
):
    made = plan(("impasto-darks", "2.0", (f"{name}=={version}",)), (name, version, ()))
    (conflict,) = made.conflicts
    assert (conflict.owner, conflict.requirement) == (owner, needs)
    assert conflict.wanted_by == ("impasto-darks 2.0",)
    with pytest.raises(UserError) as raised:
        made.check()
    text = raised.value.message
    assert text.startswith("Nothing was changed: impasto-darks 2.0 would change ")
    assert f"to {version}, and {owner} needs {needs}." in text


@pytest.mark.parametrize(
    ("name", "version"),
    [("slow", "4.0"), ("windows-only", "2.0"), ("unrelated", "9.0"), ("numpy", "2.1")],
)
def test_what_nothing_here_needs_may_change(name: str, version: str):
    assert plan(("impasto-darks", "2.0", (name,)), (name, version, ())).conflicts == ()


def test_a_requirement_that_is_broken_already_is_no_reason():
    wrong = {**HERE, canonicalize_name("numpy"): package("numpy", "1.0")}
    report = {"install": [{"metadata": {"name": "numpy", "version": "1.1"}, "requested": True}]}
    assert read_report((), report, wrong).conflicts == ()


def test_a_plugin_may_be_updated_with_what_it_needs():
    newer = ("impasto-lights", "2.0", ("light-maths>=2",))
    plan(newer, ("light-maths", "2.0", ())).check()


def test_impasto_is_not_replaced():
    made = plan(("impasto-darks", "2.0", ("impasto>=9",)), ("Impasto", "9.0", ()))
    with pytest.raises(UserError, match=r"would replace Impasto \(0.1.0\) by 9.0"):
        made.check()


def test_this_environment_is_read():
    packages = installed()
    assert packages[canonicalize_name("pluggy")].version
    used = in_use(packages)
    assert canonicalize_name("torch") in used
    assert "numpy" in {
        requirement.name for requirement in packages[canonicalize_name("impasto")].requirements
    }


def test_files_are_named_by_their_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "a plugin").mkdir()
    (tmp_path / "one.whl").touch()
    monkeypatch.chdir(tmp_path)
    address = "https://example.org/a.whl"
    command = install_command(
        ["./a plugin", "one.whl[fast]", "name>=2", address, f"name @ {address}"], upgrade=True
    )
    assert command == (
        *(sys.executable, "-m", "pip", "install", "--upgrade"),
        *(f"{tmp_path / 'a plugin'}", f"{tmp_path / 'one.whl'}[fast]"),
        *("name>=2", address, f"name @ {address}"),
    )
    assert f"'{tmp_path / 'a plugin'}'" in shown(command)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("--index-url=https://example.org", "is an option"),
        ("./nothing", "no file or folder ./nothing"),
        ("nothing.whl", "no file or folder nothing.whl"),
    ],
)
def test_what_cannot_be_installed_is_refused(spec: str, message: str):
    with pytest.raises(UserError, match=message):
        install_command([spec])


def test_pip_says_what_it_would_do(wheels: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    wheels("needs-me", "1.0")
    wheel = wheels("impasto-nowhere", "1.5", requires=("needs-me>=1", "numpy"))
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    made = make_plan(install_command([str(wheel)]))
    assert [(c.name, c.before, c.after, c.requested) for c in made.changes] == [
        ("impasto-nowhere", "", "1.5", True),
        ("needs-me", "", "1.0", False),
    ]
    assert canonicalize_name("impasto-nowhere") not in installed()
