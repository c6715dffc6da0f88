"""Models of the Hugging Face hub: used if they are here, fetched only if that was allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from studio.api import Cancelled, Context, UserError

Part = Literal["model", "configuration"]
_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_TIMEOUT = 10.0  # seconds for the answer to how large it is
_SMALL = (".json", ".txt")
_UNUSED = re.compile(r"\.(bf16|non_ema|ema_only|fp32)\.|non_ema|openvino|onnx|flax")


def is_repository(name: str) -> bool:
    """Whether a name has the form of an id of the hub."""
    return _ID.fullmatch(name) is not None


def folder_of(repository: str, part: Part, allowed: bool, context: Context) -> Path:
    """The folder of a model, or of its configuration alone, in the hub's own cache.

    Nothing is fetched that is there already, or that was not allowed: then the hub is only asked how
    large the model is and what its license.

    Args:
        repository: as ``name/name``.
        part: what is needed of it; ``configuration`` leaves out the weights.
        allowed: whether what is missing may be fetched.
        context: of the run.

    Raises:
        UserError: if it is not here and must not, or cannot, be fetched; the message has its size
            and license, if the hub tells them.
    """
    from huggingface_hub import constants

    constants.HF_HUB_DISABLE_TELEMETRY = True
    found = _here(repository)
    if found is not None and _is_whole(found, part):
        return found
    if not allowed:
        raise _question(repository, part)
    return _fetched(repository, part, context)


def _here(repository: str) -> Path | None:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(repository, local_files_only=True))
    except (OSError, ValueError):  # the errors of the hub's library are one or the other
        return None


def _is_whole(folder: Path, part: Part) -> bool:
    """Whether every component has its files."""
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    for name, entry in index.items():
        if name.startswith("_") or not isinstance(entry, list) or entry[0] is None:
            continue
        files = [path.name for path in (folder / name).glob("*")]
        weighs = "Tokenizer" not in entry[1] and "config.json" in files
        missing = weighs and not any(file.endswith(".safetensors") for file in files)
        if name != "safety_checker" and (not files or (part == "model" and missing)):
            return False
    return True


@dataclass(frozen=True)
class _Offer:
    """What the hub has: names and sizes of the files wanted, and the license."""

    files: Sequence[tuple[str, int]]
    license: str

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.files)


def _question(repository: str, part: Part) -> UserError:
    what = (
        repository if part == "model" else f"The configuration that this file needs, {repository},"
    )
    try:
        offer = _offer(repository, part)
    except UserError:
        told = ""
    else:
        size = (
            f"{offer.bytes / 1e6:,.0f} MB" if offer.bytes > 1e6 else f"{offer.bytes / 1e3:.0f} kB"
        )
        told = f" It is {size}; its license: {offer.license}."
    hint = (
        f"Read about it at https://huggingface.co/{repository}, then allow the download "
        "(--allow-download of sampling.diffusers)"
    )
    if part == "configuration":
        hint += (
            ", or name a diffusers folder of the same kind as the configuration (--configuration)"
        )
    return UserError(f"{what} is not on this computer.{told}", hint + ".")


def _offer(repository: str, part: Part) -> _Offer:
    """Ask the hub.

    Raises:
        UserError: if it does not answer, or has no such model.
    """
    from huggingface_hub import HfApi

    try:
        info = HfApi().model_info(repository, files_metadata=True, timeout=_TIMEOUT)
    except Exception as error:  # its library raises those of the HTTP client it happens to use
        why = str(error).strip().splitlines() or [type(error).__name__]
        raise UserError(
            f"The hub has no answer about {repository}: {why[0]}",
            "Check the name and the connection.",
        ) from error
    files = [(each.rfilename, each.size or 0) for each in info.siblings or ()]
    card: Any = info.card_data
    license_name = (card.get("license_name") or card.get("license")) if card else None
    return _Offer(_wanted(files, part), str(license_name or "not stated"))


def _wanted(files: Sequence[tuple[str, int]], part: Part) -> list[tuple[str, int]]:
    """Small files, and with a model its weights, each once: plain before half precision."""
    names = {name for name, _ in files}
    wanted = []
    for name, size in files:
        if name != "model_index.json" and name.count("/") != 1:
            continue
        if name.endswith(_SMALL):
            wanted.append((name, size))
            continue
        weights = part == "model" and name.endswith(".safetensors") and not _UNUSED.search(name)
        if weights and (".fp16." not in name or name.replace(".fp16.", ".") not in names):
            wanted.append((name, size))
    return wanted


def _fetched(repository: str, part: Part, context: Context) -> Path:
    from huggingface_hub import hf_hub_download

    offer = _offer(repository, part)
    names = [name for name, _ in offer.files]
    if "model_index.json" not in names:
        raise UserError(
            f"{repository} has no model_index.json, so it is no diffusers model.",
            "Download its .safetensors file and choose that.",
        )
    context.note(f"{repository} was fetched; its license: {offer.license}.")
    folder, done = Path(), 0
    for name, size in offer.files:
        bar = _bar(repository, done, offer.bytes, context)
        try:
            path = Path(hf_hub_download(repository, name, tqdm_class=bar))
        except Cancelled:
            raise
        except Exception as error:  # as above
            why = str(error).strip().splitlines() or [type(error).__name__]
            raise UserError(
                f"{name} of {repository} could not be fetched: {why[0]}",
                "Try again: what has arrived is kept.",
            ) from error
        folder = path.parent if name == "model_index.json" else folder
        done += size
    return folder


def _bar(name: str, before: int, total: int, context: Context) -> Any:
    """A progress bar for the hub's library that shows nothing, but tells the host, which may cancel."""
    from huggingface_hub import utils

    found: Any = vars(utils)["tqdm"]  # which its types do not know
    base = getattr(found, "tqdm", found)
    done = before

    def begin(bar: Any, *given: Any, **named: Any) -> None:
        base.__init__(bar, *given, **{**named, "disable": True})

    def update(_bar: Any, count: float | None = 1) -> None:
        nonlocal done
        done += int(count or 0)
        _tell(context, name, done, total)

    _tell(context, name, before, total)
    return type("Bar", (base,), {"__init__": begin, "update": update})


def _tell(context: Context, name: str, done: int, total: int) -> None:
    so_far, whole = round(done / 1e6), round(total / 1e6)
    context.progress(0.0, f"Fetching {name}: {so_far} of {whole} MB")
