from __future__ import annotations

import numpy as np
import pytest
import torch

from studio.api import UserError
from studio.host import devices

CPU = torch.device("cpu")


def test_the_processor_is_always_there_and_last():
    found = devices.describe_devices()
    cpu = found[-1]
    assert cpu.spec == "cpu"
    assert cpu.tested
    assert cpu.name
    assert 0 < cpu.free <= cpu.total
    assert cpu.precision in ("bfloat16", "float32")
    assert str(devices.resolve("auto")) == found[0].spec
    assert devices.resolve("cpu") == CPU


@pytest.mark.parametrize("spec", ["cuda:99", "xpu:7", "tpu", "", "cpu:1"])
def test_a_device_that_is_not_here_is_an_error_with_those_that_are(spec):
    with pytest.raises(UserError, match="no device") as caught:
        devices.resolve(spec)
    assert "auto" in caught.value.hint
    assert "cpu" in caught.value.hint


def test_half_precision_is_used_where_it_is_arithmetic():
    expected = torch.bfloat16 if devices.cpu_has_bfloat16() else torch.float32
    assert devices.preferred_dtype(CPU) == expected
    assert devices.preferred_dtype(torch.device("cuda", 0)) == torch.float16


def test_the_allocators_own_errors_are_memory_running_out():
    with pytest.raises(RuntimeError) as torches:
        torch.empty(1 << 58, dtype=torch.uint8)
    with pytest.raises(MemoryError) as numpys:
        np.empty(1 << 58, np.uint8)
    for error in (torches.value, numpys.value, torch.OutOfMemoryError("CUDA out of memory")):
        assert devices.is_out_of_memory(error)
    assert devices.is_out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"))


def test_words_alone_are_not_memory_running_out():
    for error in (RuntimeError("out of memory"), ValueError("DefaultCPUAllocator: "), OSError(12)):
        assert not devices.is_out_of_memory(error)


def test_free_memory_is_told_and_caches_can_be_emptied():
    assert devices.free_bytes(CPU) > 0
    devices.empty_caches(CPU)
    devices.empty_caches(torch.device("cuda", 0))  # without one there is nothing to empty


def test_errors_are_kept_without_their_frames():
    def inner():
        try:
            raise KeyError("first")  # noqa: TRY301 - it is what the second is raised from
        except KeyError as error:
            raise ValueError("second") from error

    with pytest.raises(ValueError, match="second") as caught:
        inner()
    error = devices.without_frames(caught.value)
    assert error is caught.value
    assert error.__traceback__ is error.__cause__.__traceback__ is None
    error.__cause__.__context__ = error  # a ring ends as well
    devices.without_frames(error)


def test_seeded_generators_go_on_as_before():
    torch.manual_seed(4)
    before = torch.rand(2)
    expected = torch.rand(2)
    torch.manual_seed(4)
    assert torch.equal(torch.rand(2), before)
    with devices.seeded(CPU, 1):
        first = torch.rand(2)
        with devices.seeded(CPU, 2):
            torch.rand(5)
        second = torch.rand(2)
    assert torch.equal(torch.rand(2), expected)
    with devices.seeded(CPU, 1):
        assert torch.equal(torch.rand(4), torch.cat([first, second]))


def test_exact_arithmetic_ends_with_its_block():
    before = torch.get_float32_matmul_precision()
    with devices.arithmetic(exact=True):
        assert torch.get_float32_matmul_precision() == "highest"
        with devices.arithmetic(exact=False):
            assert torch.get_float32_matmul_precision() == "medium"
        assert torch.get_float32_matmul_precision() == "highest"
    assert torch.get_float32_matmul_precision() == before


@pytest.mark.gpu
def test_a_cuda_device_is_described_and_seeded():
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device here")
    first = devices.describe_devices()[0]
    assert (first.spec, first.tested, first.precision) == ("cuda:0", True, "float16")
    device = devices.resolve("cuda")
    assert 0 < devices.free_bytes(device) <= first.total
    torch.rand(1, device=device)
    state = torch.cuda.get_rng_state(device)
    with devices.seeded(device, 3):
        one = torch.rand(4, device=device)
    with devices.seeded(device, 3):
        assert torch.equal(torch.rand(4, device=device), one)
    assert torch.equal(torch.cuda.get_rng_state(device), state)
