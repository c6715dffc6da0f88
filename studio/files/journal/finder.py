"""Reading what a journal holds, whatever happened to it."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.files.journal import records
from studio.files.journal.disk import segments
from studio.files.journal.packing import Codec, Unpacker

_log = logging.getLogger(__name__)
_TRIES = 50


@dataclass(frozen=True)
class Found:
    """What was recovered.

    Attributes:
        value: what was committed.
        lost: blobs of it that were damaged or gone; 0 = complete.
        lost_tiles: how many of them were tiles of the picture; these are transparent now.
        skipped: newer states that could not be recovered in full.
    """

    value: Any
    lost: int = 0
    lost_tiles: int = 0
    skipped: int = 0


class Finder:
    """The readable parts of a journal that no process writes any more.

    Args:
        folder: of the journal.
        codec: classes that may be made of it.
    """

    def __init__(self, folder: Path, codec: Codec) -> None:
        self._codec = codec
        self._places: dict[bytes, list[records.Record]] = {}
        self._read: dict[bytes, bytes | None] = {}
        self._states: list[records.Record] = []
        for _, path in segments(folder):
            try:
                for record in records.scan(path):
                    self._note(record)
            except OSError:
                _log.warning("%s cannot be read", path, exc_info=True)
        self._states.reverse()

    def _note(self, record: records.Record) -> None:
        if record.kind == records.STATE:
            self._states.append(record)
        else:
            self._places.setdefault(record.key, []).append(record)

    def recover(self) -> Found | None:
        """The newest state that is complete, else the newest one with the least lost.

        None if there is nothing to recover: everything was saved, or nothing is readable.
        """
        best: Found | None = None
        for skipped, state in enumerate(self._candidates()):
            unpacker = Unpacker(self._codec, self._get)
            try:
                value = unpacker.unpack(state)
            except (ValueError, TypeError, LookupError):
                _log.warning("a state of a journal cannot be recovered", exc_info=True)
                continue
            found = Found(value, unpacker.lost, unpacker.lost_tiles, skipped)
            if not found.lost:
                return found
            if best is None or found.lost < best.lost:
                best = found
        return best

    def peek(self) -> Any:
        """The packed newest state, without any blob; None if there is nothing to recover."""
        return next(iter(self._candidates()), None)

    def _candidates(self) -> list[Any]:
        """Packed states since the last time that everything was saved, newest first."""
        found: list[Any] = []
        for record in self._states:
            data = records.read(record)
            if data is None:
                continue
            state = json.loads(data)
            if not isinstance(state, dict) or "value" not in state:
                break  # clean
            found.append(state["value"])
            if len(found) == _TRIES:
                break
        return found

    def _get(self, key: bytes) -> bytes | None:
        if key not in self._read:
            contents = (records.read(place) for place in self._places.get(key, ()))
            self._read[key] = next((data for data in contents if data is not None), None)
        return self._read[key]
