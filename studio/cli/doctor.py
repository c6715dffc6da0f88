"""``impasto doctor``: what someone who helps needs to know of this installation."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import Any

import click

from studio import __version__
from studio.cli.session import Session, one_line, pass_session, print_json, size_text
from studio.host.candidates import plugin_folder
from studio.host.memory import available_bytes, total_bytes
from studio.host.models import ModelStatus, ModelStore
from studio.host.services import Services
from studio.host.settings import settings_folder

_PACKAGES = (
    "torch",
    "torchvision",
    "onnxruntime",
    "diffusers",
    "spandrel",
    "numpy",
    "opencv-python-headless",
    "pillow",
    "PySide6-Essentials",
)


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.help_option("-h", "--help")
@pass_session
def command(session: Session, as_json: bool) -> None:
    """Show versions, devices, memory, plugins and models, and what is wrong with them."""
    found = examine(session.services)
    if as_json:
        print_json(found)
    else:
        _print(found)


def examine(services: Services) -> dict[str, Any]:
    """All of it as plain JSON values. Imports torch."""
    devices, device_problems = _devices()
    problems = [*device_problems, *services.store.problems]
    if services.settings.problem:
        problems.append(services.settings.problem)
    problems += [f"Plugin {f.name}: {one_line(f.message)}" for f in services.registry.failures]
    models = _models(services.store)
    problems += [f"Model {name} is damaged." for name in models.pop("damaged")]
    return {
        "impasto": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": _versions(),
        "memory": {"total": total_bytes(), "available": available_bytes()},
        "devices": devices,
        "plugins": [
            {"name": p.name, "version": p.version, "operations": len(p.operations)}
            for p in services.registry.plugins
        ],
        "models": models,
        "folders": {
            "settings": str(services.settings.path or settings_folder()),
            "plugins": str(plugin_folder()),
            "models": str(services.store.cache_dir),
        },
        "problems": problems,
    }


def _versions() -> dict[str, str | None]:
    versions: dict[str, str | None] = {}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    return versions


def _devices() -> tuple[list[dict[str, Any]], list[str]]:
    from studio.host.devices import cpu_has_bfloat16, describe_devices

    try:
        devices = [
            {
                "device": info.spec,
                "name": info.name,
                "total": info.total,
                "free": info.free,
                "precision": info.precision,
                "bfloat16": cpu_has_bfloat16() if info.spec == "cpu" else None,
                "tested": info.tested,
            }
            for info in describe_devices()
        ]
    except Exception as error:  # noqa: BLE001 - a broken torch is what this command is asked about
        return [], [f"torch does not work: {type(error).__name__}: {one_line(str(error))}"]
    return devices, []


def _models(store: ModelStore) -> dict[str, Any]:
    states = {card.id: store.status(card.id) for card in store.cards()}
    # What is JSON there are the store's own notes, such as when a file was last checked.
    found = store.cache_dir.rglob("*")
    files = [path for path in found if path.is_file() and path.suffix != ".json"]
    return {
        "known": len(states),
        **{
            str(state): sum(other is state for other in states.values())
            for state in (ModelStatus.BUNDLED, ModelStatus.CACHED)
        },
        "cache_bytes": sum(path.stat().st_size for path in files),
        "damaged": [name for name, state in states.items() if state is ModelStatus.CORRUPT],
    }


def _print(found: dict[str, Any]) -> None:
    lines = [
        ("Impasto", found["impasto"]),
        ("Python", found["python"]),
        ("System", found["system"]),
    ]
    lines += [(name, version or "not installed") for name, version in found["packages"].items()]
    memory = found["memory"]
    lines.append(
        ("Memory", f"{size_text(memory['available'])} free of {size_text(memory['total'])}")
    )
    for device in found["devices"]:
        lines.append((f"Device {device['device']}", _device_text(device)))
    for plugin in found["plugins"]:
        count = plugin["operations"]
        text = f"{plugin['version']}, {count} operation{'' if count == 1 else 's'}"
        lines.append((f"Plugin {plugin['name']}", text.removeprefix(", ")))
    models = found["models"]
    text = f"{models['known']} known, {models['bundled']} bundled, {models['cached']} fetched"
    lines.append(("Models", f"{text}, {size_text(models['cache_bytes'])} in the cache"))
    lines += [(f"Folder of {name}", path) for name, path in found["folders"].items()]
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        click.echo(f"{name.ljust(width)}  {text}")
    if not found["problems"]:
        click.echo("\nNo problems found.")
    for problem in found["problems"]:
        click.echo(f"\n{click.style('Problem:', fg='red')} {one_line(problem)}")


def _device_text(device: dict[str, Any]) -> str:
    text = f"{device['name']}, {size_text(device['free'])} free, runs in {device['precision']}"
    if device["bfloat16"] is not None:
        text += f" (bfloat16 arithmetic: {'yes' if device['bfloat16'] else 'no'})"
    return text if device["tested"] else f"{text}; untested kind"
