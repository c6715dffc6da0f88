"""Networks that were trained here: the card travels inside the file, so that the file is enough."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from studio.api.models import ModelCard, ModelFile

KEY = "impasto.card"
"""Key of the card in the metadata of a safetensors file; without what only the file can say."""

_MOST_HEADER = 100_000_000  # what safetensors itself accepts
_MOST_CARD = 1_000_000
_OF_THE_FILE = {"files", "source"}


def embed_card(source: Path, target: Path, card: ModelCard) -> None:
    """Copy a safetensors file with the card in its metadata.

    Args:
        source: the file.
        target: the copy; replaced if it is there.
        card: what it says; ``files`` and ``source`` are left out.

    Raises:
        ValueError: if the source is no safetensors file.
        OSError: if the disk refuses.
    """
    with source.open("rb") as old, target.open("wb") as new:
        header = _read_header(old.read(8), old)
        metadata = {**header.get("__metadata__", {}), KEY: _to_text(card)}
        tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
        text = json.dumps({"__metadata__": metadata, **tensors}, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)  # tensors are to be aligned
        new.write(struct.pack("<Q", len(text)) + text)
        shutil.copyfileobj(old, new, 1 << 20)


def embedded_card(path: Path, files: tuple[ModelFile, ...], source: str) -> ModelCard | None:
    """The card in a safetensors file, if it holds one that is well-formed.

    Args:
        path: the file.
        files: what it is, as found: nothing that the metadata says of the file is believed.
        source: where it came from.
    """
    try:
        with path.open("rb") as file:
            text = _read_header(file.read(8), file).get("__metadata__", {}).get(KEY, "")
        if not isinstance(text, str) or not 0 < len(text) <= _MOST_CARD:
            return None
        values = json.loads(text)
        return ModelCard.model_validate(
            {**values, "format": "safetensors", "files": files, "source": source}
        )
    except (OSError, ValueError, TypeError, AttributeError, ValidationError):
        return None


def _read_header(length: bytes, file: Any) -> dict[str, Any]:
    size = struct.unpack("<Q", length)[0] if len(length) == 8 else 0
    if not 2 <= size <= _MOST_HEADER:
        raise ValueError("not a safetensors file")
    header = json.loads(file.read(size))
    if not isinstance(header, dict):
        raise ValueError("not a safetensors file")  # noqa: TRY004 - its content, not its type
    return header


def _to_text(card: ModelCard) -> str:
    values = card.model_dump(mode="json", exclude=_OF_THE_FILE)
    return json.dumps(values, ensure_ascii=True)
