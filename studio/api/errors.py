"""The exceptions of Impasto.

```
ImpastoError
├── Cancelled          the user asked to stop; a state, not a failure
├── UserError          bad input or a condition the user can do something about
│   └── PluginError    a plugin broke its contract (wrong shape, NaN, bad declaration)
```
"""

from __future__ import annotations


class ImpastoError(Exception):
    """Base of everything Impasto raises on purpose."""


class Cancelled(ImpastoError):
    """Work stopped because it was asked to. Never shown as an error."""


class UserError(ImpastoError):
    """Something the user should read: what happened, and what to do next.

    Args:
        message: one sentence saying what happened, naming the file or the setting.
        hint: one sentence saying what to do; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class PluginError(UserError):
    """A plugin did not keep its contract; the hint says whom to tell."""
