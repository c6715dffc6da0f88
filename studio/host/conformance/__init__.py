"""The conformance kit: whether a plugin keeps what every plugin promises.

`studio.api.testing` names the rules. What importing does is seen in a fresh process, and what running
does in another one, so that nothing that this process imported hides or causes anything, and a plugin
that ends its process is a finding and not the end of the kit.
"""

from studio.host.conformance.kit import check
from studio.host.conformance.targets import Target, resolve

__all__ = ["Target", "check", "resolve"]
