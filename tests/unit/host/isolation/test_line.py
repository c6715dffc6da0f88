from __future__ import annotations

import os
import socket
import threading

import numpy as np
import pytest

from studio.api.operation import Operation
from studio.api.parameters import Parameters
from studio.document import Rect, composite
from studio.host.isolation import line, wire
from studio.host.isolation.blocks import Block
from studio.host.isolation.line import Line
from studio.host.requests import RunRequest


@pytest.mark.parametrize("passes", [True, False], ids=["descriptor", "content"])
def test_messages_arrive_whole_and_with_their_pixels(monkeypatch, passes):
    if passes and not line._PASSES:
        pytest.skip("no descriptors here")
    monkeypatch.setattr(line, "_PASSES", passes)
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0  # noqa: PTH112, PTH208 - a count
    here, there = (Line(end) for end in socket.socketpair())
    arrays = [np.random.default_rng(n).random((n, 3)) for n in (1, 1000, 0)]

    def talk() -> None:
        for number, array in enumerate(arrays):
            with Block.new() as block:
                packed = wire.pack({"it": array}, block)
                here.send({"kind": "a", "packed": packed}, block=block)
            here.send({"kind": "b", "number": number}, bytes(number * 3_000_000))

    speaker = threading.Thread(target=talk)
    speaker.start()
    for number, array in enumerate(arrays):
        first, second = there.receive(10), there.receive(10)
        assert (first.kind, second.kind, second.values["number"]) == ("a", "b", number)
        assert len(second.data) == number * 3_000_000
        with first.block as block:
            assert np.array_equal(wire.unpack(first.values["packed"], block)["it"], array)
    speaker.join()
    assert there.receive(0.01) is None
    here.close()
    with pytest.raises(EOFError):
        there.receive(10)
    there.close()
    if before:
        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - a count


def test_nobody_reads_for_ever():
    here, there = socket.socketpair()
    impatient = Line(here, 0.05)
    with pytest.raises(TimeoutError):
        impatient.send({"kind": "a"}, bytes(50_000_000))
    impatient.close()
    there.close()


def test_a_block_holds_no_more_than_it_says():
    with Block.new() as block:
        key = block.put_bytes(b"pixels")
        assert block.get(key) == b"pixels"
        assert block.get(key[:8] + (7).to_bytes(8, "little")) is None


def test_only_what_an_operation_looks_at_crosses(picture):
    def operation(**fields) -> Operation:
        return Operation("t.t", "T", "Test", "A test.", Parameters, ":t", **fields)

    request = RunRequest("t.t", {}, picture)
    hidden, top = picture.layers[1], picture.layers[2]
    for fields, filled in (
        ({"input": "layer"}, [False, False, True]),
        ({"input": "visible"}, [True, False, True]),
        ({"output": "canvas"}, [True, True, True]),
        ({"input": "none", "output": "layers"}, [False, False, False]),
    ):
        seen = wire.seen(picture, request, operation(**fields))
        assert [bool(layer.raster.tiles) for layer in seen.layers] == filled
        assert [layer.id for layer in seen.layers] == [layer.id for layer in picture.layers]
        assert seen.selection == picture.selection
    chosen = RunRequest("t.t", {}, picture, layer=hidden.id)
    seen = wire.seen(picture, chosen, operation())
    assert seen.layers[1].raster == hidden.raster
    assert top.raster.tiles
    assert not seen.layers[2].raster.tiles


def test_of_a_region_its_surroundings_cross(picture):
    wide = picture.replaced(width=700)
    request = RunRequest("t.t", {}, wide, region=Rect(10, 10, 20, 20))
    operation = Operation("t.t", "T", "Test", "A test.", Parameters, ":t", input="visible")
    seen = wire.seen(wide, request, operation)
    around = Rect(0, 0, 62, 62)
    assert np.array_equal(composite(seen, around), composite(wide, around))
    far = RunRequest("t.t", {}, wide, region=Rect(600, 10, 20, 20))
    assert not any(layer.raster.tiles for layer in wire.seen(wide, far, operation).layers)
