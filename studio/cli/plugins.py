"""``impasto plugins``: what was found and what is wrong with it; writing, checking and keeping them."""

from __future__ import annotations

from pathlib import Path

import click

from studio.cli.installing import install, remove
from studio.cli.isolating import isolate
from studio.cli.session import (
    DONE,
    FAILED,
    Session,
    one_line,
    pass_session,
    print_json,
    print_table,
)
from studio.host.plugin_records import PluginRecord, record, records, unloaded
from studio.host.plugins import PluginRegistry
from studio.host.settings import Settings


@click.group("plugins", no_args_is_help=False)
@click.help_option("-h", "--help")
def command() -> None:
    """List plugins and what is wrong with them, install, disable, write and check them."""


command.add_command(install)
command.add_command(remove)
command.add_command(isolate)


@command.command("list")
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, with the tracebacks of failures."
)
@click.help_option("-h", "--help")
@pass_session
def list_plugins(session: Session, as_json: bool) -> None:
    """List every plugin that was found: loaded, failed or disabled."""
    registry, settings = session.services.registry, session.services.settings
    if as_json:
        print_json(to_json(registry, settings))
        return
    found = sorted(
        records(registry, settings.isolated_plugins), key=lambda each: _STATES[each.state]
    )
    if not found:
        click.echo("There are no plugins.", err=True)
        return
    ids = {plugin.origin + plugin.name: plugin.operations for plugin in registry.plugins}
    heading = ("NAME", "VERSION", "STATE", "LOAD", "LICENSE", "WHERE", "OPERATIONS")
    rows = [(*_cells(each), ", ".join(o.id for o in ids.get(each.origin + each.name, ())) or "-")
            for each in found]  # fmt: skip
    print_table(rows, heading)
    for failure in registry.failures:
        click.echo(f"\n{failure.name} did not load: {one_line(failure.message)}")
        if session.debug:
            click.echo(failure.traceback)
    if registry.failures and not session.debug:
        click.echo("\n`impasto --debug plugins list` shows the tracebacks.")


_STATES = {"loaded": 0, "failed": 1, "disabled": 2}


def _cells(plugin: PluginRecord) -> tuple[str, ...]:
    state = "FAILED" if plugin.state == "failed" else plugin.state
    load = f"{1000 * plugin.seconds:.0f} ms" if plugin.seconds is not None else "-"
    own = ", own process" if plugin.isolated else ""
    return (
        plugin.name,
        plugin.version or "-",
        state + own,
        load,
        plugin.licence or "-",
        plugin.place,
    )


@command.command("disable")
@click.argument("name")
@click.help_option("-h", "--help")
def disable(name: str) -> None:
    """Do without a plugin until it is enabled again."""
    Settings.load().set_disabled(record(unloaded(), name).name, True)


@command.command("enable")
@click.argument("name")
@click.help_option("-h", "--help")
@click.pass_context
def enable(ctx: click.Context, name: str) -> None:
    """Load a disabled plugin again."""
    from studio.host.plugin_changes import PluginChanges

    changes = PluginChanges(ctx.ensure_object(Session).services)
    changes.enable(name)
    found = record(changes.records(), name)
    if found.message:
        click.echo(f"{found.name} does not load: {one_line(found.message)}", err=True)
        ctx.exit(FAILED)


@command.command("new")
@click.argument("name")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Where its folder is made; here if left out.",
)
@click.help_option("-h", "--help")
def new(name: str, folder: Path) -> None:
    """Write a plugin to start from: a package with one operation, its test and its README.

    NAME is in lower case with dashes, such as my-plugin.
    """
    from studio.host.scaffold import write

    project = write(name, folder)
    click.echo(f"Wrote {project}")
    click.echo(f"Check it:    impasto plugins check {project}")
    click.echo(f"Install it:  pip install -e {project}")


@command.command("check")
@click.argument("plugin")
@click.option(
    "--operation", "operations", multiple=True, metavar="ID", help="Run this one only; repeatable."
)
@click.option("--huge", is_flag=True, help="Also run on a picture of many megapixels: minutes.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.help_option("-h", "--help")
@click.pass_context
def check(
    ctx: click.Context, plugin: str, operations: tuple[str, ...], huge: bool, as_json: bool
) -> None:
    """Check that a plugin keeps what every plugin promises.

    PLUGIN is a folder, a file, or the name of a plugin that `impasto plugins list` shows. Exits with 1
    if something fails. What lacks its model is left out, with the reason.
    """
    from studio.api.testing import OPERATION_RULES, Finding
    from studio.cli.conformance import show
    from studio.cli.progress import shown
    from studio.host.conformance import check as run_kit
    from studio.host.conformance import resolve

    target = resolve(plugin)
    with shown(f"Checking {target.name}") as update:

        def heard(finding: Finding) -> None:
            rules = list(OPERATION_RULES)
            done = rules.index(finding.rule) + 1 if finding.rule in rules else 0
            update(done, len(rules), finding.operation)

        report = run_kit(target, operations=operations, huge=huge, heard=heard)
    if as_json:
        print_json(report.as_json())
    else:
        show(report)
    ctx.exit(DONE if report.passed else FAILED)


def to_json(registry: PluginRegistry, settings: Settings) -> dict[str, object]:
    """The registry for ``--json``: a list for each state."""
    found = records(registry, settings.isolated_plugins)
    by_key = {(plugin.name, plugin.origin): plugin for plugin in registry.plugins}

    def described(row: PluginRecord) -> dict[str, object]:
        plugin = by_key.get((row.name, row.origin))
        about: dict[str, object] = {
            "name": row.name,
            "version": row.version,
            "origin": row.origin,
            "kind": row.kind,
            "distribution": row.distribution,
            "licence": row.licence,
            "summary": row.summary,
            "isolated": row.isolated,
        }
        if row.message:
            about |= {"message": row.message, "traceback": row.traceback}
        if plugin is not None:
            about |= {
                "load_ms": round(1000 * plugin.seconds, 1),
                "operations": [operation.id for operation in plugin.operations],
                "models": [card.id for card in plugin.cards],
                "trainers": [trainer.id for trainer in plugin.trainers],
            }
        return about

    names = {"loaded": "plugins", "failed": "failures", "disabled": "disabled"}
    return {
        key: [described(row) for row in found if row.state == state] for state, key in names.items()
    }
