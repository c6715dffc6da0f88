"""``impasto operations``: what there is, and what each takes."""

from __future__ import annotations

from typing import Any

import click

from studio.api.curves import to_text
from studio.api.errors import UserError
from studio.api.galleries import pictures_from, pictures_text
from studio.api.operation import Operation
from studio.api.parameters import describe
from studio.cli import flags
from studio.cli.session import Session, Usage, pass_session, print_json, print_table
from studio.host.plugins import PluginRegistry

_INPUTS = {
    "layer": "the picture (in the window, its active layer)",
    "visible": "the picture as it shows",
    "none": "no picture",
}
_OUTPUTS = {
    "region": "the picture, changed inside the mask",
    "canvas": "the picture at another size",
    "margins": "the picture with something new around it",
    "layers": "the picture with new layers",
    "document": "a new picture",
}
_MASKS = {
    "ignored": "not used",
    "optional": "optional: without one all of the picture changes",
    "required": "required",
}


@click.command("operations")
@click.argument("operation_id", metavar="[ID]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.help_option("-h", "--help")
@pass_session
def command(session: Session, operation_id: str | None, as_json: bool) -> None:
    """List all operations, or describe the one with this ID and its parameters."""
    registry = session.services.registry
    if operation_id is None:
        _list(registry, as_json)
        return
    try:
        operation = registry.operation(operation_id)
    except UserError as error:
        raise Usage(error.message, error.hint) from error
    if as_json:
        print_json(to_json(operation, registry))
    else:
        _describe(operation, registry)


def _list(registry: PluginRegistry, as_json: bool) -> None:
    operations = registry.operations()
    if as_json:
        print_json([to_json(operation, registry) for operation in operations])
    elif operations:
        rows = [(o.id, o.title, o.menu, o.help) for o in operations]
        print_table(rows, ("ID", "TITLE", "MENU", "WHAT IT DOES"))
    failures = len(registry.failures)
    if failures:
        number = "1 plugin" if failures == 1 else f"{failures} plugins"
        click.echo(f"Note: {number} did not load: impasto plugins list says why.", err=True)


def to_json(operation: Operation, registry: PluginRegistry) -> dict[str, Any]:
    """An operation for ``--json``."""
    plugin = registry.plugin_of(operation.id)
    return {
        "id": operation.id,
        "title": operation.title,
        "menu": operation.menu,
        "help": operation.help,
        "plugin": plugin.name,
        "version": plugin.version,
        "input": operation.input,
        "output": operation.output,
        "selection": operation.selection,
        "hints": operation.hints,
        "live": operation.live,
        "stoppable": operation.stoppable,
        "keywords": list(operation.keywords),
        "presets": [
            {"title": preset.title, "values": dict(preset.values)} for preset in operation.presets
        ],
        "parameters": [flags.as_json(spec) for spec in describe(operation.parameters)],
    }


def _describe(operation: Operation, registry: PluginRegistry) -> None:
    plugin = registry.plugin_of(operation.id)
    click.echo(f"{click.style(operation.id, bold=True)}: {operation.title}")
    click.echo(operation.help)
    click.echo()
    needs = "" if operation.input == "none" else "INPUT... "
    click.echo(f"  impasto run {operation.id} {needs}-o OUTPUT [--PARAMETER VALUE ...]")
    click.echo()
    click.echo(f"Takes:   {_INPUTS[operation.input]}")
    click.echo(f"Returns: {_OUTPUTS[operation.output]}")
    if operation.input != "none":
        click.echo(f"Mask:    {_MASKS[operation.selection]}")
    if operation.hints != "none":
        click.echo("Hints:   colors, with --hints FILE")
    click.echo(f"Plugin:  {plugin.name} {plugin.version}".rstrip())
    specs = describe(operation.parameters)
    if specs:
        click.echo()
        rows = [
            (spec.flag, flags.allowed(spec), flags.default_text(spec), spec.help or spec.title)
            for spec in specs
        ]
        print_table(rows, ("PARAMETER", "ALLOWED", "DEFAULT", "WHAT IT DOES"))
    kinds = {spec.name: spec.kind for spec in specs}
    for preset in operation.presets:
        values = " ".join(_typed(kinds[name], name, v) for name, v in preset.values.items())
        click.echo(f"\nPreset {preset.title}: {values}", nl=False)
    if operation.presets:
        click.echo()


def _typed(kind: str, name: str, value: Any) -> str:
    """A value as it is typed."""
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{flag}" if value else f"--no-{flag}"
    text = pictures_text(pictures_from(value)) if kind == "pictures" else to_text(value)
    return f'--{flag} "{text}"' if {";", "#", " ", "*"} & set(text) else f"--{flag} {text}"
