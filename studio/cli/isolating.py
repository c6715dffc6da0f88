"""``impasto plugins isolate``: a plugin in a process of its own."""

from __future__ import annotations

import difflib

import click

from studio.api.errors import UserError
from studio.host.candidates import candidates, plugin_folder, slug
from studio.host.settings import Settings


@click.command("isolate")
@click.argument("name")
@click.option("--undo", is_flag=True, help="Run it in Impasto's own process again.")
@click.help_option("-h", "--help")
def isolate(name: str, undo: bool) -> None:
    """Run a plugin in a process of its own, everywhere and until it is undone.

    If it crashes, hangs or takes too much memory, only its run fails. The results are the same.
    """
    # No plugin is loaded: this one may crash at that.
    found = {slug(each.name): each.name for each in candidates(plugin_folder())}
    if slug(name) not in found:
        close = difflib.get_close_matches(name, found.values(), n=3, cutoff=0.5)
        raise UserError(
            f"There is no plugin {name}.",
            f"Did you mean {' or '.join(close)}?" if close else "`impasto plugins list` shows all.",
        )
    Settings.load().set_isolated(found[slug(name)], not undo)
