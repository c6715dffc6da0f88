"""Where pictures are: a path of this machine, or an address that fsspec reaches.

``s3://bucket/photos``, ``gs://…``, ``https://…``, ``file:///…``, and chains of them such as
``zip://photos::s3://bucket/all.zip``. Files behind an address are copied to this machine to be
read, and written here first, so that readers, writers and their checks know nothing of addresses.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from studio.api.errors import UserError

_IN = "://"
_CHAIN = "::"


@dataclass(frozen=True)
class Url:
    """A file or folder behind an address.

    Attributes:
        text: the address, as fsspec reads it.
    """

    text: str

    def __str__(self) -> str:
        return self.text

    def __truediv__(self, name: str) -> Url:
        """What has that name, or path with slashes, in this folder."""
        parts, at = self._parts()
        parts[at] = f"{parts[at].rstrip('/')}/{name}" if name else parts[at]
        return Url(_CHAIN.join(parts))

    @property
    def name(self) -> str:
        """The last part of the path."""
        parts, at = self._parts()
        return PurePosixPath(parts[at].split(_IN, 1)[1]).name

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """The last part of the name, with its dot."""
        return PurePosixPath(self.name).suffix

    def exists(self) -> bool:
        """Whether there is such a file or folder."""
        with _told(self, "be looked at") as (system, path):
            return bool(system.exists(path))

    def is_dir(self) -> bool:
        """Whether it is a folder; one without files is none, where files are all there is."""
        with _told(self, "be looked at") as (system, path):
            return bool(system.isdir(path))

    def files(self) -> list[str]:
        """Paths of all files in this folder and those in it, relative to it, sorted.

        Empty where there is no such folder.
        """
        with _told(self, "be listed") as (system, path):
            system.invalidate_cache()  # others write there too
            root = str(path).rstrip("/")
            try:
                found = system.find(path)
            except FileNotFoundError:
                return []
            return sorted(str(each)[len(root) :].lstrip("/") for each in found if each != root)

    def stamp(self) -> tuple[str, int] | None:
        """Something that changes with the file, and its size; None if it is gone."""
        with _told(self, "be looked at") as (system, path):
            try:
                info = system.info(path)
            except FileNotFoundError:
                return None
            names = ("mtime", "LastModified", "updated", "last_modified", "ETag", "etag")
            return " ".join(str(info.get(name, "")) for name in names), int(info.get("size") or 0)

    def read(self) -> bytes:
        """All of a file."""
        with _told(self, "be read") as (system, path):
            return bytes(system.cat_file(path))

    def write(self, data: bytes) -> None:
        """Replace a file, or make it."""
        with _told(self, "be written") as (system, path):
            _in_folder(system, path, lambda: system.pipe_file(path, data))

    def sha256(self) -> str:
        """The SHA-256 of a file, as hexadecimal digits."""
        with _told(self, "be read") as (system, path), system.open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def download(self, to: Path) -> None:
        """Copy it to this machine."""
        with _told(self, "be read") as (system, path):
            system.get_file(path, str(to))

    def upload(self, source: Path) -> None:
        """Replace it by a file of this machine."""
        with _told(self, "be written") as (system, path):
            _in_folder(system, path, lambda: system.put_file(str(source), path))

    def move(self, to: Url) -> None:
        """Give it another name in the same storage; a file of that name is replaced."""
        with _told(to, "be written") as (system, path):
            _in_folder(system, path, lambda: system.mv(_open(self)[1], path))

    def remove(self) -> None:
        """Remove a file."""
        with _told(self, "be removed") as (system, path):
            system.rm_file(path)

    def _parts(self) -> tuple[list[str], int]:
        """The links of the chain, and which of them holds the path."""
        parts = self.text.split(_CHAIN)
        return parts, next(at for at, part in enumerate(parts) if _IN in part)


Place = Path | Url


def place(text: str) -> Place:
    """A path of this machine, or an address if there is ``://`` in it."""
    return Url(text) if _IN in text else Path(text)


def identity(where: Place) -> str:
    """The same text for the same file, however it is named; as far as names can tell."""
    if isinstance(where, Path):
        return str(where.resolve())
    if where.text.startswith(("file:///", "local:///")):
        return str(Path(where.text.split(_IN, 1)[1]).resolve())
    return where.text.rstrip("/")


@contextmanager
def reading(where: Place) -> Iterator[Path]:
    """The file on this machine, while it is read; messages about it name the address.

    Raises:
        UserError: if it cannot be fetched.
    """
    if isinstance(where, Path):
        yield where
        return
    with tempfile.TemporaryDirectory(prefix="impasto-batch-") as folder:
        path = Path(folder) / (where.name or "picture")
        where.download(path)
        try:
            yield path
        except UserError as error:
            raise UserError(error.message.replace(str(path), str(where)), error.hint) from error


@contextmanager
def writing(where: Place) -> Iterator[Path]:
    """A path to write to; at the end the file is where it belongs, whole.

    Raises:
        UserError: if it cannot be sent.
    """
    if isinstance(where, Path):
        where.parent.mkdir(parents=True, exist_ok=True)
        yield where
        return
    with tempfile.TemporaryDirectory(prefix="impasto-batch-") as folder:
        path = Path(folder) / where.name
        yield path
        where.upload(path)


def _in_folder(system: Any, path: str, write: Callable[[], object]) -> None:
    """Write a file, and make its folder where a file needs one."""
    try:
        write()
    except FileNotFoundError:
        system.makedirs(system._parent(path), exist_ok=True)
        write()


@contextmanager
def _told(where: Url, what: str) -> Iterator[tuple[Any, str]]:
    """The file system of an address and the path in it; each storage fails with errors of its own."""
    system = _open(where)
    try:
        yield system
    except UserError:
        raise
    except FileNotFoundError as error:
        raise UserError(f"There is no {where}.", "Is it still there?") from error
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        hint = "Look at the address, your rights there, and the connection."
        raise UserError(f"{where} cannot {what}: {reason}.", hint) from error


def _open(where: Url) -> tuple[Any, str]:
    core: Any = importlib.import_module("fsspec.core")
    try:
        system, path = core.url_to_fs(where.text)
    except ImportError as error:
        raise _missing(where, error) from error
    except ValueError as error:
        raise UserError(
            f"{where} is no address that can be reached: {error}.",
            "Examples are s3://bucket/photos, gs://bucket/photos and photos/scans.",
        ) from error
    return system, str(path)


def _missing(where: Url, error: ImportError) -> UserError:
    """Which package brings a protocol, as fsspec knows it."""
    registry: Any = importlib.import_module("fsspec.registry")
    for part in where.text.split(_CHAIN):
        protocol = part.split(_IN, 1)[0]
        known = registry.known_implementations.get(protocol, {})
        package = str(known.get("class", "")).split(".")[0]
        if package == "fsspec":
            package = getattr(error.__cause__ or error, "name", None) or ""
        if package and importlib.util.find_spec(package) is None:
            return UserError(
                f"Addresses that begin with {protocol}:// need the package {package}.",
                f"`pip install {package}`, on every machine that works on the batch.",
            )
    return UserError(f"{where} cannot be reached: {error}.", "Install what it names with pip.")
