"""What a file says of models that made it or changed it: for people, for programs, and to do it again.

Records of results (`studio.host.records`) say in ``provenance`` what a model did. From them come the
IPTC digital source type, prompt and system in XMP, and the records themselves, which PNG and OpenRaster
hold in places of their own, too. IPTC Photo Metadata Standard 2025.1; terms: cv.iptc.org.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from studio.files import xmp as packets
from studio.files.ifd import DamagedError
from studio.files.metadata import Metadata
from studio.files.xmp import Name

Records = Sequence[Mapping[str, Any]]

_EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_OWN = "https://impasto.dev/xmp"
SOURCE_TYPE = Name(_EXTENSION, "Iptc4xmpExt", "DigitalSourceType")
PROMPT = Name(_EXTENSION, "Iptc4xmpExt", "AIPromptInformation")
SYSTEM = Name(_EXTENSION, "Iptc4xmpExt", "AISystemUsed")
VERSION = Name(_EXTENSION, "Iptc4xmpExt", "AISystemVersionUsed")
RECIPE = Name(_OWN, "impasto", "Recipe")
_DETAILS = (PROMPT, SYSTEM, VERSION, RECIPE)

TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_TERM_OF = {
    "generated": f"{TERMS}trainedAlgorithmicMedia",
    "composite": f"{TERMS}compositeWithTrainedAlgorithmicMedia",
    "enhanced": f"{TERMS}algorithmicallyEnhanced",
}
_STRENGTH = ("enhanced", "composite", "generated")
# What an enhancement may replace: a drawing or a scan that is enhanced stays one.
_CAPTURED = {"", f"{TERMS}digitalCapture", f"{TERMS}computationalCapture"}


def provenance_of(records: Iterable[Mapping[str, Any]]) -> str | None:
    """``generated``, ``composite`` or ``enhanced`` for the whole picture; None without any.

    What a model changes in a picture that models made leaves it generated.
    """
    found = {record.get("provenance") for record in records}
    return next((kind for kind in reversed(_STRENGTH) if kind in found), None)


def labelled(xmp: bytes | None, records: Records, *, details: bool = True) -> bytes | None:
    """A picture's XMP packet that says what models did; the rest of it stays as it is.

    Args:
        xmp: the packet so far, or None.
        records: of all results in the picture; without any that say a provenance, nothing changes.
        details: prompt, system and the records, too; otherwise they are taken away.

    Raises:
        DamagedError: if there is a packet that cannot be read.
    """
    kind = provenance_of(records)
    if kind is None:
        return xmp if details or not xmp else _without_details(xmp)
    of_models = _details(records) if details else dict.fromkeys(_DETAILS)
    term = _stronger(packets.read(xmp, SOURCE_TYPE), kind)
    return packets.changed(xmp, {SOURCE_TYPE: term, **of_models})


def with_label(
    metadata: Metadata, *, details: bool = True, largest: int | None = None
) -> tuple[Metadata, tuple[str, ...]]:
    """Metadata to be written, its XMP as `labelled`, and what is lost.

    Args:
        metadata: as it is to be written otherwise.
        details: whether prompts, settings and records are to be in it.
        largest: bytes of XMP that the format holds; None for any number.
    """
    notes: tuple[str, ...] = ()
    xmp, records = metadata.xmp, metadata.recipe
    try:
        xmp = labelled(metadata.xmp, records, details=details)
        if details and xmp is not metadata.xmp and xmp and largest and len(xmp) > largest:
            xmp = labelled(metadata.xmp, records, details=False)
            notes = ("The records of results were left out: they are larger than JPEG allows.",)
    except DamagedError:
        notes = ("The XMP data is damaged and was kept; it does not say that a model was at work.",)
    return replace(metadata, xmp=xmp, recipe=records if details else ()), notes


def records_in(xmp: bytes | None) -> tuple[Mapping[str, Any], ...]:
    """The records in a packet; none if there is no packet, or they make no sense."""
    return records_from(packets.read(xmp, RECIPE) or "")


def records_from(text: str | bytes) -> tuple[Mapping[str, Any], ...]:
    """The records in a text that `as_text` made; none if they make no sense."""
    try:
        steps = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    found = steps if isinstance(steps, list) else []
    return tuple(step for step in found if isinstance(step, dict))


def as_text(records: Records) -> str:
    """Records as JSON in plain ASCII, so that no prompt's characters are lost anywhere."""
    return json.dumps(list(records), default=str)


def plain_texts(records: Records) -> dict[str, str]:
    """The same for people, by the keywords that PNG knows; nothing without a provenance."""
    if provenance_of(records) is None:
        return {}
    found = {
        "Software": f"Impasto {_last(records, 'impasto') or ''}".strip(),
        "Description": packets.plain(_prompt(records)),
    }
    return {key: text for key, text in found.items() if text}


def _details(records: Records) -> dict[Name, str | None]:
    system, version = _system(records)
    return {
        PROMPT: _prompt(records) or None,
        SYSTEM: system,
        VERSION: version or None,
        RECIPE: as_text(records),
    }


def _without_details(xmp: bytes) -> bytes:
    if packets.read(xmp, RECIPE) is None:
        return xmp
    return packets.changed(xmp, dict.fromkeys(_DETAILS))


def _stronger(present: str | None, kind: str) -> str:
    """The term to write: the present one where it says as much already."""
    ranks = [_TERM_OF[each] for each in _STRENGTH]
    plain = present.strip().replace("https:", "http:") if present else ""
    if plain in ranks:
        return max(plain, _TERM_OF[kind], key=ranks.index)
    keeps = kind == "enhanced" and plain not in _CAPTURED
    return plain if keeps else _TERM_OF[kind]


def _last(records: Records, *keys: str) -> Any:
    """The newest value under nested keys of the records that say a provenance."""
    for record in reversed(records):
        found: Any = record if record.get("provenance") else {}
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else None
        if found:
            return found
    return None


def _prompt(records: Records) -> str:
    prompt = _last(records, "parameters", "prompt")
    return prompt if isinstance(prompt, str) else ""


def _system(records: Records) -> tuple[str, str]:
    """What made it, with its models, and its version."""
    version, models = _last(records, "impasto"), _last(records, "models")
    named = ", ".join(map(str, models)) if isinstance(models, Mapping) else ""
    return f"Impasto with {named}" if named else "Impasto", str(version or "")
