"""What the server is told when it starts, and who may reach it."""

from __future__ import annotations

import ipaddress
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from studio.api.errors import UserError

SHORTEST_TOKEN = 16
TOKEN_VARIABLE = "IMPASTO_TOKEN"  # noqa: S105 - the name of the variable


@dataclass(frozen=True)
class ServerOptions:
    """How the server is to run.

    Attributes:
        host: address or name to listen at.
        token: what clients have to show; None only on loopback.
        device: where operations run.
        max_bytes: larger requests are refused.
        max_pixels: larger pictures are refused.
        max_jobs: while so many wait or run, further ones are refused.
        keep_bytes: results beyond it are dropped, oldest first.
        keep_seconds: for how long a result can be fetched.
    """

    host: str = "127.0.0.1"
    token: str | None = None
    device: str = "auto"
    max_bytes: int = 256_000_000
    max_pixels: int = 100_000_000
    max_jobs: int = 8
    keep_bytes: int = 1_000_000_000
    keep_seconds: float = 600.0

    @property
    def loopback(self) -> bool:
        """Whether only programs on this computer reach it."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether an address or name means this computer alone."""
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def find_token(host: str, file: Path | None) -> str | None:
    """The token: out of the file, which is made if there is none, or the environment.

    Raises:
        UserError: if there is none and others reach the server, it is too short, or the file cannot be
            read.
    """
    token = os.environ.get(TOKEN_VARIABLE, "").strip() or None
    if file is not None:
        token = _from_file(file)
    if token is None and not is_loopback(host):
        raise UserError(
            f"Other computers reach {host}, so a token is needed.",
            f"Add --token-file FILE, which is made if there is none, or set {TOKEN_VARIABLE}.",
        )
    if token is not None and (len(token) < SHORTEST_TOKEN or not token.isascii()):
        raise UserError(
            f"The token is no text of at least {SHORTEST_TOKEN} ASCII characters.",
            "Name a file after --token-file that is not there: a good token is put into it.",
        )
    return token


def _from_file(path: Path) -> str:
    try:
        if not path.exists():
            # Only its owner may read it, from the first moment on.
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(number, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(32) + "\n")
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise UserError(
            f"The token file {path} cannot be used: {reason}.", "Name another one."
        ) from error
