from __future__ import annotations

import gc
import weakref

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from studio.api import Cancelled, UserError
from studio.host.ladder import Ladder
from studio.host.networks import NetworkCache, Placement, Watch, place

CPU_ALLOCATOR = "[enforce fail at alloc_cpu.cpp:127] data. DefaultCPUAllocator: not enough memory"
ERRORS = {
    "accelerator": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    "python": MemoryError(),
    "cpu": RuntimeError(CPU_ALLOCATOR),
}
FREED = "Memory ran out: caches and other models were freed."
HALVED = "Memory ran out: going on in half precision."
NO_ROOM = "not enough memory"


def smaller(tile):
    return f"Memory ran out: going on with tiles of {tile} pixels."


class Hungry(nn.Module):
    """Doubles a picture, unless it is larger than ``fits`` says for its arithmetic."""

    def __init__(self, fits, error=ERRORS["accelerator"]):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        nn.init.dirac_(self.conv.weight)
        nn.init.zeros_(self.conv.bias)
        self.fits, self.error = fits, error
        self.calls = []

    def forward(self, x):
        out = self.conv(x)
        self.calls.append((x.shape[2], x.shape[3], out.dtype))
        if not self.fits(max(x.shape[2:]), out.dtype, len(self.calls)):
            raise self.error
        return F.interpolate(x, scale_factor=2, mode="nearest")


@pytest.fixture(params=ERRORS, ids=str)
def error(request):
    return ERRORS[request.param]


def run(context, network, image, **options):
    out = context.tiled(network, image, **{"scale": 2, "overlap": 16, "tile": 256, **options})
    torch.testing.assert_close(
        out, F.interpolate(image, scale_factor=2, mode="nearest"), rtol=0, atol=1e-6
    )


def test_freeing_other_models_is_enough(make_context, error):
    cache = NetworkCache()
    cache.get("other", lambda: nn.Linear(4, 4), Placement(torch.device("cpu"), torch.float32))
    context = make_context(cache=cache, precision="float32")
    network = context.network("hungry", lambda: Hungry(lambda size, dtype, call: call > 1, error))

    run(context, network, torch.rand(1, 3, 100, 120))

    assert cache.keys == ("hungry",)
    assert context._state.notes == [FREED]
    assert [call[:2] for call in network.calls] == [(100, 120)] * 2


def test_half_precision_comes_second(make_context, half, error):
    context = make_context()
    network = context.prepare(Hungry(lambda size, dtype, call: dtype == half, error))

    run(context, network, torch.rand(1, 3, 100, 120))

    assert context._state.notes == [FREED, HALVED]
    assert context.dtype == half
    assert [call[2] for call in network.calls] == [torch.float32, torch.float32, half]


def test_then_tiles_are_halved(make_context, half, error):
    context = make_context()
    network = context.prepare(Hungry(lambda size, dtype, call: size <= 80, error))

    run(context, network, torch.rand(1, 3, 300, 100), tile=512)

    assert context._state.notes == [FREED, HALVED, smaller(150), smaller(64)]
    assert [call[0] for call in network.calls[:4]] == [300, 300, 300, 111]


def test_finished_tiles_are_not_run_again(make_context):
    context = make_context(precision="float32")
    rows = []

    def network(x):
        rows.append((float(x[0, 0, 0, 0]), x.shape[2]))
        if x[0, 0, 0, 0] >= 200 and x.shape[2] > 64:
            raise ERRORS["accelerator"]
        return x

    image = torch.arange(400.0).reshape(1, 1, 400, 1).expand(1, 3, 400, 100).contiguous()
    out = context.tiled(network, image, tile=128, overlap=16)

    torch.testing.assert_close(out, image, rtol=1e-6, atol=1e-4)
    # before the failure every tile ran once, and none of them ran afterwards
    before = [start for start, size in rows if start < 200 and size > 64]
    assert len(before) == len(set(before)) >= 2
    failed = next(number for number, (start, _) in enumerate(rows) if start >= 200)
    assert all(start >= 200 for start, _ in rows[failed:])
    assert all(size <= 64 for start, size in rows[failed + 2 :])


def test_tiles_stay_small_for_the_rest_of_the_run(make_context):
    context = make_context(precision="float32")
    network = context.prepare(Hungry(lambda size, dtype, call: size <= 100))

    run(context, network, torch.rand(1, 3, 200, 200), tile=200)
    first = len(network.calls)
    run(context, network, torch.rand(1, 3, 200, 200), tile=200)

    assert context._state.notes == [FREED, smaller(100)]
    assert max(max(call[:2]) for call in network.calls[first:]) <= 100


@pytest.mark.parametrize("multiple", [1, 48, 64, 128])
def test_when_nothing_helps_the_user_is_told(make_context, multiple):
    error = ERRORS["accelerator"]
    context = make_context(precision="float32")
    network = context.prepare(Hungry(lambda size, dtype, call: False, error))

    with pytest.raises(UserError, match=NO_ROOM) as caught:
        run(context, network, torch.rand(1, 3, 300, 260), multiple=multiple)

    assert caught.value.hint
    assert caught.value.__cause__ is error
    assert context._state.notes[0] == FREED
    assert context._state.notes[-1] == smaller(64)
    assert len(network.calls) < 10


def test_exact_float32_is_never_halved(make_context):
    context = make_context(precision="float32")
    network = context.prepare(Hungry(lambda size, dtype, call: size <= 64))

    run(context, network, torch.rand(1, 3, 130, 100))

    assert HALVED not in context._state.notes
    assert {call[2] for call in network.calls} == {torch.float32}


def test_networks_that_need_float32_keep_it_in_a_half_precision_run(make_context, half):
    context = make_context()
    exact = context.prepare(Hungry(lambda size, dtype, call: call > 2), half=False)

    run(context, exact, torch.rand(1, 3, 50, 50))

    assert context._state.notes == [FREED, HALVED]
    assert {call[2] for call in exact.calls} == {torch.float32}


def test_a_network_lowered_in_place_leaves_the_cache(make_context, half):
    cache = NetworkCache()
    context = make_context(cache=cache)
    network = context.network("a", lambda: Hungry(lambda size, dtype, call: dtype == half))

    run(context, network, torch.rand(1, 3, 50, 50))

    assert cache.keys == ()


def test_frames_of_a_failed_attempt_hold_no_memory_during_the_next(make_context):
    held, context = [], make_context(precision="float32")

    class Big(torch.Tensor):
        pass

    def network(x):
        gc.collect()
        assert all(ref() is None for ref in held)
        big = torch.zeros(1000).as_subclass(Big)
        held.append(weakref.ref(big))
        if len(held) < 3:
            try:
                {}["first"]
            except KeyError:
                raise ERRORS["accelerator"]  # noqa: B904 - the context must be let go as well
        return x

    context.tiled(network, torch.rand(1, 3, 100, 100))
    assert len(held) > 2


def test_loading_a_network_frees_memory_and_tries_again(make_context, error):
    cache = NetworkCache()
    cache.get("other", lambda: nn.Linear(4, 4), Placement(torch.device("cpu"), torch.float32))
    context, loads = make_context(cache=cache), []

    def load():
        loads.append(1)
        if len(loads) == 1:
            raise error
        return nn.Conv2d(3, 3, 1)

    context.network("new", load)
    assert cache.keys == ("new",)
    assert context._state.notes == [FREED]


def test_another_error_while_loading_is_not_retried(make_context):
    loads = []

    def load():
        loads.append(1)
        raise RuntimeError("size mismatch")

    with pytest.raises(RuntimeError, match="size mismatch"):
        make_context().network("new", load)
    assert len(loads) == 1


def test_another_error_in_a_tile_is_not_retried(make_context):
    calls = []

    def network(x):
        calls.append(1)
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes do not match"):
        make_context().tiled(network, torch.rand(1, 3, 100, 100))
    assert len(calls) == 1


RUNS = """
    ERRORS = {
        "accelerator": torch.OutOfMemoryError("CUDA out of memory."),
        "python": MemoryError(),
        "cpu": RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
    }

    def outside(pixels, mask, parameters, context):
        calls.append(context.dtype)
        if len(calls) <= parameters.count:
            raise ERRORS[parameters.name]
        return pixels

    def loading(pixels, mask, parameters, context):
        def load():
            calls.append(1)
            if len(calls) <= parameters.count:
                raise ERRORS[parameters.name]
            return Same()
        return context.tiled(context.network("same", load, half=False), pixels)

    class Greedy(Same):
        def forward(self, x):
            calls.append(tuple(x.shape[2:]))
            if max(x.shape[2:]) > 64:
                raise torch.OutOfMemoryError
            return super().forward(x)

    def tiles(pixels, mask, parameters, context):
        return context.tiled(context.network("greedy", Greedy, half=False), pixels, overlap=8)
"""
OPERATIONS = {"outside": {}, "loading": {}, "tiles": {}}


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("name", ["outside", "loading"])
def test_a_run_recovers_outside_tiles_too(host, random_picture, kind, name):
    probe = host(RUNS, **OPERATIONS)
    picture = random_picture(30, 30)

    result = probe.run(name, picture, parameters={"name": kind, "count": 1})

    assert result.notes == (FREED,)
    assert result.after().layers[0].raster == picture.layers[0].raster


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("name", ["outside", "loading"])
def test_a_run_without_a_rung_left_fails_and_leaves_the_picture(host, random_picture, kind, name):
    probe = host(RUNS, **OPERATIONS)
    picture = random_picture(30, 30)
    before = picture.layers[0].raster.read(picture.bounds)

    with pytest.raises(UserError, match=NO_ROOM):
        probe.run(name, picture, parameters={"name": kind, "count": 100})

    assert (picture.layers[0].raster.read(picture.bounds) == before).all()
    assert len(probe.module.calls) <= 4
    assert probe.runner.networks.keys == ()


def test_rungs_show_in_the_result(host, random_picture, recorder):
    probe, observer = host(RUNS, **OPERATIONS), recorder()
    picture = random_picture(150, 100, opaque=True)

    result = probe.run("tiles", picture, observer)

    assert result.notes == (FREED, smaller(75))
    assert observer.notes == list(result.notes)
    assert result.after().layers[0].raster == picture.layers[0].raster


def test_cancel_answers_between_two_pieces_of_a_tile(make_context, recorder):
    pieces = []
    observer = recorder(lambda: len(pieces) >= 2)

    def network(x):  # without layers of its own that could ask
        if max(x.shape[2:]) > 64:
            raise ERRORS["accelerator"]
        pieces.append(1)
        return x

    with pytest.raises(Cancelled):
        make_context(observer=observer).tiled(network, torch.rand(1, 3, 500, 500), tile=512)
    assert len(pieces) == 2


def test_from_an_accelerator_the_last_rung_is_the_processor():
    """Every rung of a device, without one: the ladder itself only names it."""
    notes, watch = [], Watch(lambda: None)
    cuda = torch.device("cuda", 0)
    ladder = Ladder(cuda, torch.float32, NetworkCache(), watch, notes.append, exact=True)
    module = place(nn.Conv2d(3, 3, 1), Placement(torch.device("cpu"), torch.float32))
    watch.add(module)
    ladder.register(module, Placement(cuda, torch.float32), half=True)

    for tile in (256, 128):
        ladder.climb(ERRORS["accelerator"], tile=tile)
    assert ladder.device == cuda
    ladder.climb(ERRORS["accelerator"], tile=64)

    assert (ladder.device.type, ladder.dtype, ladder.tile) == ("cpu", torch.float32, None)
    assert ladder.placements[id(module)] == Placement(torch.device("cpu"), torch.float32)
    assert notes == [FREED, smaller(64), "Memory ran out: going on with the CPU, which is slower."]
    watch.close()


@pytest.mark.gpu
def test_a_device_that_is_full_hands_over_to_the_processor(make_context):
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device here")
    context = make_context()
    state = context._state
    state.ladder.device, state.ladder.dtype = torch.device("cuda", 0), torch.float32

    class OnlyOnTheProcessor(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)
            nn.init.dirac_(self.conv.weight)
            nn.init.zeros_(self.conv.bias)
            self.seen = []

        def forward(self, x):
            self.seen.append((x.device.type, self.conv.weight.dtype, max(x.shape[2:])))
            if x.device.type == "cuda":
                torch.empty(1 << 45, device="cuda")  # the allocator's own error
            return x + 0 * self.conv(x)

    network = context.prepare(OnlyOnTheProcessor())
    image = torch.rand(1, 3, 200, 150, device="cuda")
    out = context.tiled(network, image, tile=128, overlap=16)

    torch.testing.assert_close(out.cpu(), image.cpu(), rtol=0, atol=1e-5)
    assert [note.removeprefix("Memory ran out: ") for note in state.notes] == [
        "caches and other models were freed.",
        "going on in half precision.",
        "going on with tiles of 64 pixels.",
        "going on with the CPU, which is slower.",
    ]
    kinds = [seen[0] for seen in network.seen]
    assert kinds == ["cuda"] * kinds.count("cuda") + ["cpu"] * kinds.count("cpu")
    assert context.device.type == "cpu"
