"""``impasto plugins``: what was found, and what is wrong with it."""

from __future__ import annotations

import click

from studio.cli.session import Session, one_line, pass_session, print_json, print_table
from studio.host.plugins import PluginRegistry


@click.group("plugins", no_args_is_help=False)
@click.help_option("-h", "--help")
def command() -> None:
    """List plugins and what is wrong with them."""


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
