from __future__ import annotations

import subprocess
import sys

import pytest

from studio.host import memory

PAGES = """
import resource
from studio.host import memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def work():
    # Above the 32 MB up to which glibc learns to keep blocks by itself.
    for _ in range(5):
        bytearray(64 << 20)

work(); before = faults(); work(); plain = faults() - before
assert memory.keep_pages()
work(); before = faults(); work(); kept = faults() - before
memory.trim()
print(plain, kept)
"""


def test_memory_is_told_in_bytes():
    assert 1 << 26 < memory.available_bytes() <= memory.total_bytes()
    assert memory.total_bytes() < 1 << 50


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it is glibc that is told")
def test_freed_pages_are_kept_for_the_next_layer():
    answer = subprocess.run(
        [sys.executable, "-c", PAGES], capture_output=True, text=True, check=True
    )
    plain, kept = map(int, answer.stdout.split())
    assert kept < plain / 10


def test_trimming_is_always_possible():
    memory.trim()
