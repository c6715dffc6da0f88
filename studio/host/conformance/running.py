"""What running a plugin does: ``python -m studio.host.conformance.running REQUEST``."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from studio.api.errors import UserError
from studio.api.testing import Finding
from studio.host.conformance import pictures, sources
from studio.host.conformance.bench import Bench
from studio.host.conformance.importing import uses_deprecated
from studio.host.conformance.lines import Sender
from studio.host.conformance.probes import LocalStore, ProbedRegistry
from studio.host.conformance.rules import check_operation
from studio.host.conformance.targets import Target
from studio.host.models import default_cache_dir
from studio.host.networks import NetworkCache
from studio.host.plugins import PluginRegistry, load
from studio.host.runs import Runner
from studio.host.services import bundled_models


def check_operations(
    registry: PluginRegistry, name: str, operations: Sequence[str] = (), *, huge: bool = False
) -> Iterator[Finding]:
    """Run the operations of one plugin in this process, by all rules.

    Args:
        registry: all plugins.
        name: of the one to check.
        operations: ids of the operations to run; all if empty.
        huge: whether they run on a large picture, too.

    Yields:
        What was found, as soon as it is.
    """
    (plugin,) = (each for each in registry.plugins if each.name == name)
    store = LocalStore(default_cache_dir(), bundled_models(), registry.cards())
    networks = NetworkCache()
    with tempfile.TemporaryDirectory() as folder:
        reference = pictures.reference(Path(folder))
        for operation in plugin.operations:
            if not operations or operation.id in operations:
                runner = Runner(ProbedRegistry(registry, name), store, networks)
                bench = Bench(runner, operation, reference)
                yield from check_operation(bench, with_huge=huge)


def main(request: dict[str, Any]) -> None:
    """Say what was found."""
    sender = Sender()
    target = Target(**{**request["target"], "places": tuple(request["target"]["places"])})
    # The plugin itself first: of two with one id, the first is loaded.
    registry = load([target.candidate(), *target.companions()])
    if not registry.plugins or registry.plugins[0].name != target.name:
        raise UserError(f"The plugin {target.name} loads in one process and not in another.")
    for finding in check_operations(
        registry, target.name, request["operations"], huge=request["huge"]
    ):
        sender.send("finding", **vars(finding))
    deprecated = uses_deprecated(registry.plugins[0])
    if deprecated.status == "warned":
        sender.send("finding", **vars(deprecated))
    found = [name for name in sources.QT if name in sys.modules]
    if found:
        message = f"Running it imports {', '.join(found)}. The window is the host's."
        sender.send("finding", **vars(Finding("qt", "", "failed", message)))
    sender.send("end")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
