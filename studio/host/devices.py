"""Where networks run, and in which arithmetic.

cuda and cpu are measured and tested; mps and xpu follow their documentation and are untested.
"""

from __future__ import annotations

import logging
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.api.errors import UserError
from studio.host import garbage
from studio.host.memory import available_bytes, total_bytes

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DeviceInfo:
    """One device that operations can run on.

    Attributes:
        spec: what ``--device`` takes: ``cpu``, ``cuda:0``, ``mps``, ``xpu:0``.
        name: what the maker calls it.
        total: its memory in bytes.
        free: what is free of it now, in bytes.
        precision: the arithmetic networks run in by default.
        tested: False for the kinds nobody has run this on.
    """

    spec: str
    name: str
    total: int
    free: int
    precision: str
    tested: bool


def warm_up() -> None:
    """Import torch and set it up for this processor. Takes seconds: never on the GUI thread."""
    import torch

    # bfloat16 products inside float32 matmuls: twice as fast on the CPU, 16 of 24 mantissa bits.
    torch.set_float32_matmul_precision("medium")


def resolve(spec: str) -> torch.device:
    """The device that a ``--device`` value means; ``auto`` takes the first accelerator, else the CPU.

    Raises:
        UserError: if there is no such device here.
    """
    import torch

    available = _specs()
    if spec == "auto":
        return torch.device(available[0])
    wanted = f"{spec}:0" if spec in ("cuda", "xpu") else spec
    if wanted not in available:
        raise UserError(
            f"There is no device {spec} on this computer.",
            f"Choose one of: auto, {', '.join(available)}.",
        )
    return torch.device(wanted)


def describe_devices() -> list[DeviceInfo]:
    """All devices, accelerators first, the CPU last. Imports torch."""
    return [_info(spec) for spec in _specs()]


def _specs() -> list[str]:
    """All devices by name. Unlike their description, it takes no memory on any of them."""
    import torch

    found = []
    for kind, module in (("cuda", torch.cuda), ("xpu", torch.xpu)):
        if module.is_available():
            found += [f"{kind}:{i}" for i in range(module.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def _info(spec: str) -> DeviceInfo:
    import torch

    device = torch.device(spec)
    if device.type == "mps":
        return DeviceInfo(spec, "Apple GPU", total_bytes(), available_bytes(), "float16", False)
    if device.type == "cpu":
        name = platform.processor() or platform.machine()
        precision = str(preferred_dtype(device)).removeprefix("torch.")
        return DeviceInfo(spec, name, total_bytes(), available_bytes(), precision, True)
    module = torch.cuda if device.type == "cuda" else torch.xpu
    free, total = module.mem_get_info(device)
    name = module.get_device_name(device)
    return DeviceInfo(spec, name, total, free, "float16", device.type == "cuda")


def preferred_dtype(device: torch.device) -> torch.dtype:
    """float16 on accelerators, bfloat16 on a CPU that computes in it, float32 otherwise.

    A CPU without bfloat16 arithmetic emulates it, slower than float32.
    """
    import torch

    if device.type != "cpu":
        return torch.float16
    return torch.bfloat16 if cpu_has_bfloat16() else torch.float32


def cpu_has_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware (AVX512-BF16, AMX or Arm BF16)."""
    import torch

    capabilities = torch.backends.cpu.get_cpu_capability()
    if platform.machine().lower() in ("arm64", "aarch64"):
        supported = getattr(torch.cpu, "_is_arm_bf16_supported", None)
        return bool(supported and supported())
    if "AVX512" not in capabilities:
        return False
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, bool)() for name in names)


def free_bytes(device: torch.device) -> int:
    """Memory that can still be taken on ``device``."""
    import torch

    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0]) + _cached_by_torch(device)
    if device.type == "xpu":
        return int(torch.xpu.mem_get_info(device)[0])
    return available_bytes()


def _cached_by_torch(device: torch.device) -> int:
    """Bytes that torch's allocator holds without using them."""
    import torch

    return torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)


def empty_caches(device: torch.device) -> None:
    """Give memory that nothing uses back to the device."""
    import torch

    garbage.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "xpu":
        torch.xpu.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def without_frames(error: BaseException) -> BaseException:
    """``error``, and what it was raised from, without the frames that hold a failed run's tensors."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            each.__traceback__ = None
            waiting += [each.__cause__, each.__context__]
    return error


@contextmanager
def seeded(device: torch.device, seed: int) -> Iterator[None]:
    """While entered, torch's generators start from ``seed``; afterwards they go on as before."""
    import torch

    kind = device.type if device.type in ("mps", "xpu") else "cuda"
    # A CPU run leaves accelerators asleep; one that was woken has a state to keep.
    module = torch.get_device_module(kind)
    awake = device.type == kind or (kind == "cuda" and torch.cuda.is_initialized())  # type: ignore[no-untyped-call]  # torch left it untyped
    used = range(module.device_count()) if awake else ()
    with torch.random.fork_rng(devices=used, device_type=kind):
        torch.manual_seed(seed)
        yield


@contextmanager
def arithmetic(*, exact: bool) -> Iterator[None]:
    """While entered, float32 products are exact, or as fast as `warm_up` made them."""
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest" if exact else "medium")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that memory ran out.

    By type, not by its words: torch.OutOfMemoryError for accelerators, MemoryError for Python and
    numpy. Only torch's CPU allocator and mps raise a plain RuntimeError, so these alone are told by
    the fixed text that their allocators begin with.
    """
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and (
        "DefaultCPUAllocator: " in text or text.startswith("MPS backend out of memory")
    )
