"""``impasto plugins install`` and ``remove``: the command is shown and the plan known before either."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from studio.cli.session import DONE, FAILED, one_line, print_table

if TYPE_CHECKING:
    from studio.host.installing import InstallPlan
    from studio.host.plugin_records import PluginRecord

_YES = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


@click.command("install")
@click.argument("specs", nargs=-1, required=True, metavar="SPEC...")
@click.option("-U", "--upgrade", is_flag=True, help="Newer versions replace those that are here.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@_YES
@click.help_option("-h", "--help")
@click.pass_context
def install(
    ctx: click.Context, specs: tuple[str, ...], upgrade: bool, dry_run: bool, yes: bool
) -> None:
    """Install plugins with pip, after showing the command and what it would change.

    SPEC is the name of a package, with a version if you like, a wheel, a folder or an address. What
    would give Impasto or another plugin a package that it cannot work with is refused.
    """
    from studio.host.installing import look, make_plan, run_pip, shown
    from studio.host.installing.plan import install_command

    command = install_command(specs, upgrade=upgrade)
    click.echo(f"Command:  {shown(command)}")
    plan = make_plan(command)
    if not plan.changes:
        click.echo("Nothing to do: it is installed. --upgrade looks for a newer version.")
        return
    _print_plan(plan)
    plan.check()
    if dry_run:
        return
    if not yes:
        click.confirm("Run the command?", abort=True)
    run_pip(plan.command, click.echo)
    ctx.exit(_say_what_came(look(plan.requested), plan))


def _print_plan(plan: InstallPlan) -> None:
    rows = [
        (change.name, change.before or "-", change.after, "asked for" if change.requested else "")
        for change in plan.changes
    ]
    print_table(rows, ("PACKAGE", "NOW", "THEN", ""))


def _say_what_came(found: tuple[PluginRecord, ...], plan: InstallPlan) -> int:
    for plugin in found:
        if plugin.state == "disabled":
            click.echo(f"{plugin.name} is disabled: impasto plugins enable {plugin.name}")
        elif plugin.message:
            click.echo(f"{plugin.name} does not load: {one_line(plugin.message)}", err=True)
            click.echo(f"Take it out again: impasto plugins remove {plugin.name}", err=True)
        else:
            offers = ", ".join(title for _, title in plugin.operations) or "no operation"
            version = f"{plugin.name} {plugin.version}".strip()
            click.echo(f"{version} loads in {1000 * (plugin.seconds or 0):.0f} ms: {offers}")
    if not found:
        names = " ".join(plan.requested)
        click.echo(f"Installed, and it brings no plugin: {names}", err=True)
        click.echo(f"Take it out again: pip uninstall {names}", err=True)
    return DONE if found and not any(plugin.message for plugin in found) else FAILED


@click.command("remove")
@click.argument("name")
@_YES
@click.help_option("-h", "--help")
def remove(name: str, yes: bool) -> None:
    """Remove a plugin: a package with pip, one in the plugin folder by moving it away.

    NAME is that of the plugin or of its package. What comes with Impasto can only be disabled.
    """
    from studio.host.installing import plan_removal, shown
    from studio.host.installing import remove as do
    from studio.host.plugin_records import unloaded
    from studio.host.settings import Settings

    removal = plan_removal(unloaded(), name)
    if removal.command:
        click.echo(f"Command:  {shown(removal.command)}")
        if len(removal.plugins) > 1:
            click.echo(f"The package brings {', '.join(removal.plugins)}.")
        question = "Run the command?"
    else:
        click.echo(f"Folder:   {removal.path}")
        question = f"Move it to {removal.kept_at}?"
    if not yes:
        click.confirm(question, abort=True)
    do(removal, click.echo)
    settings = Settings.load()
    for plugin in removal.plugins:
        settings.set_disabled(plugin, False)
        settings.set_isolated(plugin, False)
    if removal.kept_at is not None:
        click.echo(f"Moved to {removal.kept_at}")
