"""How much memory there is, and how the C library hands it out."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8


@lru_cache(maxsize=1)
def _glibc() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None


def keep_pages() -> bool:
    """Tell glibc to keep freed pages instead of returning every large block to the kernel.

    A network frees and takes hundreds of megabytes per layer; faulting those pages in again costs
    as much as the arithmetic. Process-wide, and must run before the first worker thread starts: a
    thread that already has an arena of its own keeps it.

    Returns:
        Whether this C library can be told.
    """
    # torch asks for huge pages for its large tensors: a fault then brings 2 MB instead of 4 kB.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    library = _glibc()
    if library is None:
        return False
    library.mallopt(_M_ARENA_MAX, 1)
    library.mallopt(_M_MMAP_MAX, 0)
    # Never: 2 GB, the largest number it takes, is less than a tile of 512 pixels needs.
    library.mallopt(_M_TRIM_THRESHOLD, -1)
    return True


def trim() -> None:
    """Give kept pages back to the system: call when the queue of jobs is empty."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


def available_bytes() -> int:
    """Memory that can be taken without swapping, in bytes; what the system says, container aside."""
    if sys.platform.startswith("linux"):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return total_bytes() // 2


def total_bytes() -> int:
    """Physical memory in bytes."""
    if hasattr(os, "sysconf"):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return _windows_total()


def _windows_total() -> int:
    """``GlobalMemoryStatusEx`` on Windows; 8 GB where there is no such call."""
    windll = getattr(ctypes, "windll", None)
    if windll is None:
        return 8 << 30
    status = (ctypes.c_ulonglong * 8)()
    ctypes.cast(status, ctypes.POINTER(ctypes.c_uint32))[0] = ctypes.sizeof(status)
    windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return int(status[1])
