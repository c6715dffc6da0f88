"""Disabling, enabling and reloading plugins in a running program."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from studio.api.errors import UserError
from studio.document import Picture
from studio.host.isolation import standing_in
from studio.host.isolation.standing_in import is_stand_in
from studio.host.jobs import JobState
from studio.host.plugin_changes import PluginChanges
from studio.host.plugin_records import PluginRecord, record
from studio.host.requests import RunRequest
from studio.host.services import Services, build_services
from studio.host.settings import Settings

DECLARATIONS = '''
"""Light: changes how bright things are."""

from studio.api import Operation, Parameters, hookimpl

__version__ = "1.2"
__license__ = "MIT"
api_version = 1


class Nothing(Parameters):
    pass


@hookimpl
def operations():
    return [Operation("light.change", "TITLE", "Adjust", "Does it.", Nothing, ".engine:change")]
'''
ENGINE = """
import time
from pathlib import Path

def change(pixels, mask, parameters, context):
    gate = Path(__file__).with_name("gate")
    gate.with_name("begun").touch()
    while gate.exists():
        context.progress(0.0, "Waiting")
        time.sleep(0.01)
    from .amount import AMOUNT
    return pixels * 0 + AMOUNT
"""
Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    folder = tmp_path / "plugins" / "my-light"

    def to_disk(title: str = "Light", amount: float = 0.2, declarations: str = DECLARATIONS):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").write_text(declarations.replace("TITLE", title))
        (folder / "engine.py").write_text(textwrap.dedent(ENGINE))
        (folder / "amount.py").write_text(f"AMOUNT = {amount}\n")

    to_disk()
    return to_disk


@pytest.fixture
def services(tmp_path: Path, write: Write) -> Iterator[Services]:
    made = build_services(tmp_path / "config", tmp_path / "plugins", tmp_path / "models")
    yield made
    assert made.jobs.close(10)
    standing_in._close_all()  # its processes would end by themselves, in a while


@pytest.fixture
def changes(services: Services) -> PluginChanges:
    return PluginChanges(services)


def light(changes: PluginChanges) -> PluginRecord:
    return record(changes.records(), "my-light")


def request() -> RunRequest:
    picture = Picture.from_pixels(np.full((4, 5, 4), 255, np.uint8))
    return RunRequest("light.change", {}, picture, device="cpu")


def brightness(services: Services) -> int:
    return int(services.runner.execute(request()).images[0].pixels[0, 0, 0])


def test_a_record_says_what_is_known(changes: PluginChanges, tmp_path: Path):
    found = light(changes)
    assert (found.title, found.state, found.kind) == ("My light", "loaded", "drop-in")
    assert (found.version, found.licence) == ("1.2", "MIT")
    assert found.summary == "Light: changes how bright things are."
    assert found.path == tmp_path / "plugins" / "my-light"
    assert found.operations == (("Adjust", "Light"),)
    assert found.seconds is not None
    assert 0 < found.seconds < 60
    ours = record(changes.records(), "inpainting")
    assert (ours.kind, ours.distribution, ours.licence) == ("built-in", "impasto", "Apache-2.0")
    assert ours.place == "built-in"
    with pytest.raises(UserError, match="There is no plugin my-lihgt") as raised:
        record(changes.records(), "my-lihgt")
    assert "my-light" in str(raised.value.hint)


def test_a_disabled_plugin_goes_at_once_and_stays_away(
    changes: PluginChanges, services: Services, tmp_path: Path
):
    heard: list[int] = []
    services.plugins_changed.connect(lambda: heard.append(len(services.registry.operations())))
    before = len(services.registry.operations())
    changes.disable("my_light")
    assert heard == [before - 1]
    assert light(changes).state == "disabled"
    assert light(changes).operations == ()
    with pytest.raises(UserError, match="no operation light.change"):
        services.runner.execute(request())
    assert Settings.load(tmp_path / "config").disabled_plugins == ("my-light",)
    again = build_services(tmp_path / "config", tmp_path / "plugins", tmp_path / "models")
    assert record(PluginChanges(again).records(), "my-light").state == "disabled"
    changes.enable("my-light")
    assert light(changes).state == "loaded"
    assert brightness(services) == 51
    assert Settings.load(tmp_path / "config").disabled_plugins == ()


def test_models_and_trainers_go_with_their_plugin(changes: PluginChanges, services: Services):
    assert services.training.registry is services.registry
    theirs = set(next(p.cards for p in services.registry.plugins if p.name == "inpainting"))
    assert theirs
    assert theirs <= set(services.store.cards())
    changes.disable("inpainting")
    assert not theirs & set(services.store.cards())
    assert services.training.registry is services.registry
    assert services.training.host.disabled == ("inpainting",)
    order = [plugin.name for plugin in services.registry.plugins]
    changes.enable("inpainting")
    assert theirs <= set(services.store.cards())
    names = [plugin.name for plugin in services.registry.plugins]
    assert names == [*sorted([*order[:-1], "inpainting"]), "my-light"]


def test_a_reload_takes_up_what_is_on_disk(
    changes: PluginChanges, services: Services, write: Write
):
    assert brightness(services) == 51
    write("Brighter", 0.4)  # as long as before, and within the same second
    found = changes.reload("my-light")
    assert (found.message, found.operations) == ("", (("Adjust", "Brighter"),))
    assert services.registry.operation("light.change").title == "Brighter"
    assert brightness(services) == 102


@pytest.mark.parametrize(
    ("declarations", "message"),
    [
        ("import nowhere_at_all", "nowhere_at_all"),
        (DECLARATIONS.replace('"light.change"', '"Light"'), "Light"),
        (DECLARATIONS.replace('"light.change"', '"inpainting.fill"'), "inpainting.fill"),
    ],
)
def test_a_failed_reload_leaves_the_plugin_in_use(
    changes: PluginChanges, services: Services, write: Write, declarations: str, message: str
):
    write("Never", 0.8, declarations)
    found = changes.reload("my-light")
    assert message in found.message
    assert "Traceback" in found.traceback
    assert (found.state, found.operations) == ("loaded", (("Adjust", "Light"),))
    write("Better", 0.4)
    assert brightness(services) == 102  # what it had not imported yet comes from the disk
    found = changes.reload("my-light")
    assert (found.message, found.operations) == ("", (("Adjust", "Better"),))


def test_what_runs_during_a_reload_ends_with_the_old_code(
    changes: PluginChanges, services: Services, write: Write, tmp_path: Path
):
    gate = tmp_path / "plugins" / "my-light" / "gate"
    gate.touch()
    running = services.jobs.submit(request())
    while not gate.with_name("begun").exists():
        assert not running.state.finished, running.error
    changes.disable("my-light")
    changes.enable("my-light")
    write("Brighter", 0.4)
    changes.reload("my-light")
    changes.disable("my-light")
    with pytest.raises(UserError, match="no operation"):
        services.jobs.submit(request())
    gate.unlink()
    assert services.jobs.wait(running, 30)
    assert running.state is JobState.DONE, running.error
    assert running.result is not None
    assert running.result.record["plugin"] == "my-light"


def test_only_dropped_in_plugins_are_reloaded(changes: PluginChanges):
    with pytest.raises(UserError, match="cannot be loaded again") as raised:
        changes.reload("inpainting")
    assert "Start Impasto again" in str(raised.value.hint)
    changes.disable("my-light")
    with pytest.raises(UserError, match="cannot be loaded again") as raised:
        changes.reload("my-light")
    assert raised.value.hint == "Enable it."


def test_plugins_that_come_and_go_are_noticed(
    changes: PluginChanges, services: Services, tmp_path: Path
):
    first = services.registry
    changes.look_again()
    assert services.registry is first
    folder = tmp_path / "plugins"
    (folder / "broken.py").write_text("raise RuntimeError('no luck')")
    (folder / "my-light").rename(folder / "_away")
    changes.look_again()
    assert next(each.name for each in changes.records()) == "broken"
    assert "no luck" in record(changes.records(), "broken").message
    assert not [each for each in changes.records() if each.name == "my-light"]
    (folder / "_away").rename(folder / "my-light")
    (folder / "broken.py").unlink()
    changes.look_again()
    assert light(changes).state == "loaded"
    assert brightness(services) == 51


def test_a_plugin_is_isolated_and_back(changes: PluginChanges, services: Services, write: Write):
    assert not light(changes).isolated
    changes.isolate("my_light", True)
    assert light(changes).isolated
    # Loaded again it is not imported any more: its own process says what it declares.
    write("Apart", 0.4)
    assert changes.reload("my-light").operations == (("Adjust", "Apart"),)
    assert "studio_dropins.my_light" not in sys.modules
    assert is_stand_in(services.registry.plugin_of("light.change"))
    changes.isolate("my-light", False)
    assert not light(changes).isolated
    assert not is_stand_in(services.registry.plugin_of("light.change"))
    assert brightness(services) == 102


def test_a_plugin_that_does_not_load_may_do_so_apart(
    changes: PluginChanges, write: Write, tmp_path: Path
):
    # It wants to be alone, as one that brings a library of its own may.
    write("Alone", 0.4, "import sys; assert 'pytest' not in sys.modules\n" + DECLARATIONS)
    changes.disable("my-light")
    changes.enable("my-light")
    assert light(changes).state == "failed"
    changes.isolate("my-light", True)
    assert (light(changes).state, light(changes).message) == ("loaded", "")
    assert light(changes).operations == (("Adjust", "Alone"),)
