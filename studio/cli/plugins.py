"""``impasto plugins``: what was found and what is wrong with it; writing one, and checking one."""

from __future__ import annotations

from pathlib import Path

import click

from studio.cli.session import (
    DONE,
    FAILED,
    Session,
    one_line,
    pass_session,
    print_json,
    print_table,
)
from studio.host.plugins import PluginRegistry


@click.group("plugins", no_args_is_help=False)
@click.help_option("-h", "--help")
def command() -> None:
    """List plugins and what is wrong with them, write a new one, or check one."""


@command.command("list")
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, with the tracebacks of failures."
)
@click.help_option("-h", "--help")
@pass_session
def list_plugins(session: Session, as_json: bool) -> None:
    """List every plugin that was found: loaded, failed or turned off."""
    registry = session.services.registry
    if as_json:
        print_json(to_json(registry))
        return
    rows = [
        (p.name, p.version or "-", "loaded", p.origin, ", ".join(o.id for o in p.operations) or "-")
        for p in registry.plugins
    ]
    rows += [(f.name, "-", "FAILED", f.origin, "-") for f in registry.failures]
    rows += [(c.name, c.version or "-", "off", c.origin, "-") for c in registry.disabled]
    if not rows:
        click.echo("There are no plugins.", err=True)
        return
    print_table(rows, ("NAME", "VERSION", "STATE", "WHERE", "OPERATIONS"))
    for failure in registry.failures:
        click.echo(f"\n{failure.name} did not load: {one_line(failure.message)}")
        if session.debug:
            click.echo(failure.traceback)
    if registry.failures and not session.debug:
        click.echo("\n`impasto --debug plugins list` shows the tracebacks.")


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


def to_json(registry: PluginRegistry) -> dict[str, object]:
    """The registry for ``--json``."""
    return {
        "plugins": [
            {
                "name": plugin.name,
                "version": plugin.version,
                "origin": plugin.origin,
                "operations": [operation.id for operation in plugin.operations],
                "models": [card.id for card in plugin.cards],
                "trainers": [trainer.id for trainer in plugin.trainers],
            }
            for plugin in registry.plugins
        ],
        "failures": [
            {
                "name": failure.name,
                "origin": failure.origin,
                "message": failure.message,
                "traceback": failure.traceback,
            }
            for failure in registry.failures
        ],
        "disabled": [
            {"name": candidate.name, "origin": candidate.origin} for candidate in registry.disabled
        ],
    }
