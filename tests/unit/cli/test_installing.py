"""Installing, disabling and removing plugins from the command line."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

PLUGIN = """
'''Lights: changes how bright things are.'''
from studio.api import Operation, Parameters, hookimpl
import light_maths
api_version = 1

class Nothing(Parameters):
    pass

@hookimpl
def operations():
    return [Operation("lights.change", "Lights", "Adjust", "Does it.", Nothing, ":change")]

def change(pixels, mask, parameters, context):
    return pixels
"""


def test_a_plugin_is_disabled_and_enabled(impasto, testkit):
    assert impasto("plugins", "disable", "testkit").code == 0
    listed = json.loads(impasto("plugins", "list", "--json").out)
    (off,) = listed["disabled"]
    assert (off["name"], off["kind"]) == ("testkit", "drop-in")
    assert "testkit" not in [each["name"] for each in listed["plugins"]]
    assert impasto("run", "testkit.noise", "-o", "a.png").code == 2
    assert impasto("plugins", "enable", "testkit").code == 0
    listed = json.loads(impasto("plugins", "list", "--json").out)
    (found,) = [each for each in listed["plugins"] if each["name"] == "testkit"]
    assert found["load_ms"] > 0
    assert "testkit.invert" in found["operations"]
    assert not listed["disabled"]
    done = impasto("plugins", "disable", "testkid")
    assert done.code == 1
    assert "Did you mean testkit?" in done.err


def test_the_list_has_version_origin_license_and_load_time(impasto, testkit):
    lines = impasto("plugins", "list").out.splitlines()
    assert lines[0].split() == [
        "NAME",
        "VERSION",
        "STATE",
        "LOAD",
        "LICENSE",
        "WHERE",
        "OPERATIONS",
    ]
    (line,) = [line for line in lines if line.startswith("inpainting ")]
    words = line.split()
    assert words[2:4] == ["loaded", words[3]]
    assert words[4:7] == ["ms", "Apache-2.0", "built-in"]
    impasto("plugins", "disable", "inpainting")
    lines = impasto("plugins", "list").out.splitlines()
    assert lines[-1].split()[2:4] == ["disabled", "-"]


def test_enabling_what_does_not_load_says_so(impasto, testkit):
    impasto("plugins", "disable", "testkit")
    (testkit / "testkit.py").write_text("raise RuntimeError('no luck')")
    done = impasto("plugins", "enable", "testkit")
    assert done.code == 1
    assert "testkit does not load: RuntimeError: no luck" in done.err


def test_a_dropped_in_plugin_is_removed_after_a_question(impasto, testkit, monkeypatch):
    path = testkit / "testkit.py"
    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    assert impasto("plugins", "remove", "testkit").code == 130
    assert path.exists()
    impasto("plugins", "disable", "testkit")
    done = impasto("plugins", "remove", "testkit", "--yes")
    assert done.code == 0
    assert str(path) in done.out
    assert not path.exists()
    kept = Path(done.out.splitlines()[-1].removeprefix("Moved to "))
    assert kept.read_text() == (Path(__file__).parents[2] / "dropins" / "testkit.py").read_text()
    kept.rename(path)  # brought back, it is not disabled any more
    assert "testkit.invert" in impasto("plugins", "list").out


def test_built_in_plugins_are_not_removed(impasto):
    done = impasto("plugins", "remove", "inpainting", "--yes")
    assert done.code == 1
    assert "comes with Impasto" in done.err
    assert "impasto plugins disable inpainting" in done.err


def test_what_cannot_be_installed_is_told_before_pip_runs(impasto):
    done = impasto("plugins", "install", "nothing/here.whl")
    assert done.code == 1
    assert "There is no file or folder nothing/here.whl" in done.err


def test_a_plugin_that_ends_the_program_is_disabled_or_removed(impasto, testkit):
    path = testkit / "killer.py"
    path.write_text("import os\nos._exit(9)")
    assert impasto("plugins", "disable", "killer").code == 0
    assert "killer" in impasto("plugins", "list").out
    assert impasto("plugins", "remove", "killer", "--yes").code == 0
    assert not path.exists()


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wheels) -> Run:
    """The program in an environment of its own, in which alone something is installed."""
    place = tmp_path / "environment"
    venv.create(place, symlinks=os.name != "nt")  # with the pip of the tests
    python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))

    def run(*arguments: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, *arguments], cwd=place, capture_output=True, text=True, input=answer,
            timeout=110, check=False,
        )  # fmt: skip

    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = Path(run("-c", code).stdout.strip())
    # Impasto itself, with all that it needs, from where the tests have it: nothing is downloaded.
    shared = [path for path in sys.path if path.endswith("site-packages")]
    lines = [f"import site; site.addsitedir({path!r})" for path in shared]
    (own / "impasto.pth").write_text("\n".join(lines))
    return run


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_plugins_are_installed_checked_and_removed(fresh: Run, wheels, tmp_path: Path):
    def impasto(*arguments: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        return fresh("-m", "studio", "plugins", *arguments, answer=answer)

    def version(name: str) -> str:
        code = f"from importlib.metadata import version; print(version({name!r}))"
        return fresh("-c", code).stdout.strip()

    for number in ("1.5", "2.0"):
        wheels("light-maths", number, {"light_maths.py": f"VERSION = '{number}'\n"})
    lights = wheels(
        *("impasto-lights", "1.0", {"impasto_lights.py": PLUGIN}),
        requires=("impasto>=0.1", "light-maths<2"),
        plugins={"lights": "impasto_lights"},
    )
    # Asked, and told no: nothing changes.
    done = impasto("install", str(lights), answer="n\n")
    assert done.returncode == 130
    assert f"-m pip install {lights}" in done.stdout
    assert version("impasto-lights") == ""
    done = impasto("install", "impasto-lights", answer="y\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "asked for" in done.stdout
    assert "lights 1.0 loads in" in done.stdout
    assert (version("impasto-lights"), version("light-maths")) == ("1.0", "1.5")
    listed = json.loads(impasto("list", "--json").stdout)
    (found,) = [each for each in listed["plugins"] if each["name"] == "lights"]
    assert (found["distribution"], found["licence"]) == ("impasto-lights", "MIT")
    assert found["operations"] == ["lights.change"]
    assert "Nothing to do" in impasto("install", "impasto-lights").stdout
    # Another plugin needs what the first one cannot work with.
    wheels(
        *("impasto-darks", "1.0", {"impasto_darks.py": PLUGIN.replace("lights", "darks")}),
        requires=("light-maths>=2",),
        plugins={"darks": "impasto_darks"},
    )
    done = impasto("install", "--yes", "impasto-darks")
    assert done.returncode == 1
    assert (
        "Nothing was changed: impasto-darks 1.0 would change light-maths from 1.5 to 2.0, and "
        "impasto-lights 1.0 needs light-maths<2."
    ) in done.stderr
    assert (version("impasto-darks"), version("light-maths")) == ("", "1.5")
    # The same for Impasto itself, and for what is nowhere to be found.
    wheels("pluggy", "0.9")
    wheels("impasto-old", "1.0", requires=("pluggy<1",), plugins={"old": "impasto_old"})
    done = impasto("install", "--yes", "impasto-old")
    assert done.returncode == 1
    assert "pluggy from" in done.stderr
    assert "and impasto " in done.stderr
    done = impasto("install", "--yes", "impasto-nowhere")
    assert done.returncode == 1
    assert "No matching distribution found for impasto-nowhere" in done.stderr
    # What does not load is told, and can be taken out again.
    wheels("impasto-bad", "1.0", {"impasto_bad.py": "1 / 0"}, plugins={"bad": "impasto_bad"})
    done = impasto("install", "--yes", "impasto-bad")
    assert done.returncode == 1
    assert "bad does not load: ZeroDivisionError" in done.stderr
    for name in ("bad", "impasto-lights"):
        done = impasto("remove", name, "--yes")
        assert done.returncode == 0, done.stderr
        assert "-m pip uninstall --yes impasto-" in done.stdout
    assert (version("impasto-lights"), version("impasto-bad")) == ("", "")
