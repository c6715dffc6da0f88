"""``impasto serve``: operations over HTTP, for other programs."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from studio.api.errors import UserError
from studio.cli.run import seed_and_device
from studio.cli.session import DONE, Session, Usage, pass_session
from studio.server.options import ServerOptions, find_token

PORT = 8765
_NEEDED = ("fastapi", "multipart", "uvicorn")


@click.command("serve")
@click.option(
    "--host", default="127.0.0.1", help="Address to listen at. [default: 127.0.0.1, this computer]"
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    help=f"0: any that is free. [default: {PORT}]",
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with the token that clients have to send; made if there is none. Needed where other "
    "computers reach the address, unless IMPASTO_TOKEN is set.",
)
@click.option(
    "--max-upload",
    type=click.IntRange(1, 100_000),
    default=256,
    metavar="MB",
    help="Larger requests are refused. [default: 256]",
)
@click.option(
    "--max-megapixels",
    type=click.IntRange(1, 100_000),
    default=100,
    metavar="N",
    help="Larger pictures are refused. [default: 100]",
)
@click.option(
    "--max-jobs",
    type=click.IntRange(1, 1000),
    default=8,
    metavar="N",
    help="Requests that may wait or run. [default: 8]",
)
@click.help_option("-h", "--help")
@pass_session
def command(
    session: Session,
    host: str,
    port: int,
    token_file: Path | None,
    max_upload: int,
    max_megapixels: int,
    max_jobs: int,
    device: str,
) -> int:
    """Let other programs run operations, over HTTP.

    Each operation is one address, to which a picture is sent and from which one comes back; the page
    at /docs describes all. Ctrl-C ends it.
    """
    if any(find_spec(name) is None for name in _NEEDED):
        raise UserError(
            "The server needs FastAPI, which is not installed.", 'pip install "impasto[serve]"'
        )
    try:
        token = find_token(host, token_file)
    except UserError as error:
        raise Usage(error.message, error.hint) from error
    limits = max_upload * 1_000_000, max_megapixels * 1_000_000, max_jobs
    options = ServerOptions(host, token, device, *limits)
    from studio.server.serving import serve

    serve(session.services, options, port, lambda address: _tell(address, options))
    return DONE


command.params.insert(-1, seed_and_device()[1])


def _tell(address: str, options: ServerOptions) -> None:
    click.echo(f"Impasto listens at {address} ({address}/docs describes it); Ctrl-C ends it.")
    if not options.loopback:
        click.echo(
            "Note: requests are not encrypted; let a proxy with TLS stand before it.", err=True
        )
