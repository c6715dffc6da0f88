"""Reading the weights of checkpoints made by others, without ever running their code."""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

# In order of preference: the averaged weights come before those of the last step.
WRAPPERS = (
    "params_ema",
    "params",
    "ema_state_dict",
    "state_dict",
    "model_state_dict",
    "netG_state_dict",
    "generator_state_dict",
    "generator",
    "netG",
    "model",
)
PREFIXES = ("module.", "_orig_mod.", "netG.")
_MAX_DEPTH = 5
_ZIP = b"PK\x03\x04"
_PICKLE = b"\x80"  # torch.save wrote pickle protocol 2 before it wrote archives
_BESIDE = ("optim", "scheduler", "lr_sched", "netD", "discriminator")
_ASK = "Ask its author for a .safetensors file or a state dict saved by torch.save."


class CheckpointError(ValueError):
    """A file holds no weights that can be read safely.

    Args:
        message: what was found, naming the file.
        hint: what to do next; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Read a checkpoint and take off its wrappers and prefixes.

    The content decides how a file is read, not its suffix: safetensors, or what ``torch.save``
    wrote, through ``torch.load(weights_only=True)`` alone.

    Args:
        path: a .safetensors, .pth, .pt, .ckpt or .pth.tar file.

    Returns:
        Tensors on the CPU in the type they were stored in (float16 and bfloat16 included).

    Raises:
        CheckpointError: if the file is damaged, is something else, holds no tensors, or could run
            code when opened (a pickled module, TorchScript).
    """
    try:
        with path.open("rb") as file:
            head = file.read(512)
        size = path.stat().st_size
    except OSError as error:
        raise CheckpointError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    if _is_safetensors(head, size) or path.suffix == ".safetensors":
        return unwrap(_read_safetensors(path), path.name)
    _refuse_foreign(path, head)
    return unwrap(_read_torch(path), path.name)


def unwrap(state: object, name: str = "The checkpoint") -> dict[str, Tensor]:
    """Find the tensors in what a checkpoint holds, and name them as the bare network does.

    Args:
        state: what ``torch.load`` returned.
        name: what error messages call it.

    Raises:
        CheckpointError: if there are no tensors, or two names become one without their prefix.
    """
    found = _find_tensors(state, _MAX_DEPTH)
    if not found:
        raise CheckpointError(
            f"{name} holds no network weights, but {_describe_other(state)}.",
            "Choose the file that holds the network itself, not a configuration or an optimizer.",
        )
    renamed: dict[str, Tensor] = {}
    for key, value in zip(_without_prefixes(list(found)), found.values(), strict=True):
        if key in renamed:
            raise CheckpointError(f"{name} holds the tensor {key} twice.", _ASK)
        renamed[key] = value
    if any(key.startswith("netD.") for key in renamed) and any(
        key.startswith("netG.") for key in renamed
    ):
        generator = {key: value for key, value in renamed.items() if key.startswith("netG.")}
        return unwrap(generator, name)
    return renamed


def describe_keys(state: Mapping[str, Tensor]) -> str:
    """Say in one line what a state dict holds, for error messages.

    Example:
        ``142 tensors, 1.5 M values, float32: conv1.weight 64x3x3x3, conv1.bias 64, ...,
        tail.weight 48x64x3x3``
    """
    if not state:
        return "no tensors"
    values = sum(tensor.numel() for tensor in state.values())
    amount = f"{values / 1e6:.1f} M" if values >= 1e5 else str(values)
    kinds = ", ".join(sorted({str(t.dtype).removeprefix("torch.") for t in state.values()}))
    items = [f"{key} {_shape(tensor)}" for key, tensor in state.items()]
    if len(items) > 5:
        items = [*items[:3], "...", items[-1]]
    return f"{len(state)} tensors, {amount} values, {kinds}: {', '.join(items)}"


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"


def _is_safetensors(head: bytes, size: int) -> bool:
    length = int.from_bytes(head[:8], "little")
    return head[8:9] == b"{" and 2 <= length <= size - 8


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path.name} is not a complete safetensors file ({_first_line(error)}).",
            "It may have been cut off while it was copied: fetch it again.",
        ) from error


def _refuse_foreign(path: Path, head: bytes) -> None:
    """Name the things people commonly get instead of a checkpoint."""
    text = head.lstrip().lower()
    if not head:
        raise CheckpointError(f"{path.name} is empty.", "Fetch it again.")
    if text.startswith(b"version https://git-lfs"):
        raise CheckpointError(
            f"{path.name} is a Git LFS pointer, not the weights.",
            "Download the file itself, or run git lfs pull.",
        )
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise CheckpointError(
            f"{path.name} is a web page, not a checkpoint.", "Use the link of the file itself."
        )
    if head.startswith(_PICKLE):
        return
    if not head.startswith(_ZIP):
        raise CheckpointError(
            f"{path.name} is neither a safetensors file nor a PyTorch checkpoint.",
            "It may be damaged or of another kind: fetch it again, or look at its origin.",
        )
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.partition("/")[2] for name in archive.namelist()]
    except zipfile.BadZipFile as error:
        raise CheckpointError(
            f"{path.name} is damaged: the end of the file is missing ({error}).", "Fetch it again."
        ) from error
    if "constants.pkl" in names or any(name.startswith("code/") for name in names):
        raise CheckpointError(
            f"{path.name} is a TorchScript program, not plain weights: it carries code to run.",
            _ASK,
        )
    if "data.pkl" not in names:
        raise CheckpointError(f"{path.name} is an archive, but not one written by torch.save.")


def _read_torch(path: Path) -> object:
    try:
        loaded: object = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _refused(path, str(error)) from error
    except Exception as error:  # torch raises nearly every type on a damaged file
        raise CheckpointError(
            f"{path.name} is not a readable checkpoint ({_first_line(error)}).",
            "It may be damaged or of another kind: fetch it again, or look at its origin.",
        ) from error
    return loaded


def _refused(path: Path, reason: str) -> CheckpointError:
    """Translate the refusal of torch's restricted unpickler, which names the foreign object."""
    found = re.search(r"GLOBAL ([\w.]+)|class ([\w.]+)|(?:callable|global) ([\w.]+)", reason)
    if found:
        what = next(group for group in found.groups() if group)
        return CheckpointError(
            f"{path.name} is a pickled Python object ({what}), not plain weights: opening it could "
            "run code.",
            _ASK,
        )
    return CheckpointError(
        f"{path.name} is not a checkpoint that can be read safely.",
        f"It may be damaged or of another kind. {_ASK}",
    )


def _find_tensors(state: object, depth: int) -> dict[str, Tensor]:
    if not isinstance(state, Mapping) or depth == 0:
        return {}
    for wrapper in WRAPPERS:
        inner = _find_tensors(state.get(wrapper), depth - 1)
        if inner:
            return inner
    tensors = {
        key: value.detach()
        for key, value in state.items()
        if isinstance(key, str) and isinstance(value, Tensor)
    }
    if tensors:
        return tensors
    nested = {
        str(key): inner
        for key, value in state.items()
        if not str(key).startswith(_BESIDE) and (inner := _find_tensors(value, depth - 1))
    }
    if len(nested) == 1:
        return next(iter(nested.values()))
    # Several networks in one file keep their names apart, as those of one network's parts.
    return {f"{key}.{name}": t for key, inner in nested.items() for name, t in inner.items()}


def _without_prefixes(keys: list[str]) -> list[str]:
    # A compiled submodule leaves its marker in the middle of a name.
    keys = [key.replace("_orig_mod.", "") for key in keys]
    changed = True
    while changed:
        changed = False
        for prefix in PREFIXES:
            if all(key.startswith(prefix) and key != prefix for key in keys):
                keys = [key.removeprefix(prefix) for key in keys]
                changed = True
    return keys


def _describe_other(state: object) -> str:
    if isinstance(state, Mapping):
        keys = [str(key) for key in state]
        shown = ", ".join(keys[:6]) + (", ..." if len(keys) > 6 else "")
        return f"a dictionary with {len(keys)} entries ({shown})" if keys else "an empty dictionary"
    return f"a {type(state).__name__}"


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:200].rstrip(".")
