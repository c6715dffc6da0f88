from __future__ import annotations

import threading

import pytest
import torch
from torch import nn

from studio.host.networks import NetworkCache, Placement, Watch, place

CPU = torch.device("cpu")
FULL = Placement(CPU, torch.float32)
BF16 = Placement(CPU, torch.bfloat16)


class Skip(nn.Module):
    """A body and a tail, and the input added to what they make."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 3, 3, padding=1)
        self.tail = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        return x + self.tail(self.body(x))


def linear(size: int = 10) -> nn.Module:
    return nn.Linear(size, size, bias=False)  # 4 * size * size bytes


def test_a_network_is_loaded_once_and_ready_to_run():
    cache, loads = NetworkCache(), []

    def load():
        loads.append(1)
        return nn.Sequential(nn.Conv2d(3, 4, 3), nn.Dropout())

    first = cache.get("a", load, FULL)
    assert cache.get("a", load, FULL) is first
    assert len(loads) == 1
    assert not first.training
    assert not any(p.requires_grad for p in first.parameters())
    assert first[0].weight.is_contiguous(memory_format=torch.channels_last)


def test_the_least_recently_used_goes_first_when_bytes_run_out():
    cache = NetworkCache(budget=1000)
    for key in "ab":
        cache.get(key, linear, FULL)
    assert (cache.keys, cache.nbytes) == (("a", "b"), 800)

    cache.get("a", linear, FULL)
    cache.get("c", linear, FULL)
    assert (cache.keys, cache.nbytes) == (("a", "c"), 800)

    cache.get("big", lambda: linear(40), FULL)  # larger than the budget: kept, alone
    assert cache.keys == ("big",)


def test_buffers_count_as_bytes():
    cache = NetworkCache()
    cache.get("norm", lambda: nn.BatchNorm2d(8), FULL)
    assert cache.nbytes == 4 * 8 * 4 + 8


def test_another_arithmetic_loads_the_exact_weights_again():
    cache = NetworkCache()
    exact = torch.full((4, 4), 1 / 3)

    def load():
        module = linear(4)
        module.weight.data = exact.clone()
        return module

    lowered = cache.get("a", load, BF16)
    assert lowered.weight.dtype == torch.bfloat16
    full = cache.get("a", load, FULL)
    assert torch.equal(full.weight, exact)
    assert cache.keys == ("a",)


def test_a_load_that_fails_leaves_nothing_behind():
    cache = NetworkCache()
    with pytest.raises(OSError, match="gone"):
        cache.get("a", lambda: (_ for _ in ()).throw(OSError("gone")), FULL)
    assert cache.keys == ()


def test_dropping_spares_what_is_in_use():
    cache = NetworkCache()
    used = cache.get("used", linear, FULL)
    cache.get("idle", linear, FULL)

    assert cache.drop(keep=[used]) == 400
    assert cache.keys == ("used",)

    cache.forget(used)
    assert cache.keys == ()


def test_a_float32_call_keeps_the_precision_of_its_skip():
    network = place(Skip(), BF16)
    nn.init.zeros_(network.tail.weight)
    nn.init.zeros_(network.tail.bias)
    image = torch.rand(1, 3, 8, 8)

    out = network(image)

    assert network.body.weight.dtype == torch.bfloat16
    assert torch.equal(out, image)


def test_named_submodules_keep_float32_and_every_bit_of_their_weights():
    network = Skip()
    before = {name: value.clone() for name, value in network.state_dict().items()}

    place(network, Placement(CPU, torch.bfloat16, ("tail",)))

    assert network.body.weight.dtype == torch.bfloat16
    assert torch.equal(network.tail.weight, before["tail.weight"])
    assert torch.equal(network.tail.bias, before["tail.bias"])
    assert network.tail(torch.rand(1, 3, 8, 8).bfloat16()).dtype == torch.float32


def test_a_submodule_that_is_not_there_is_an_error():
    with pytest.raises(AttributeError, match="nose"):
        place(Skip(), Placement(CPU, torch.bfloat16, ("nose",)))


def test_keyword_arguments_are_cast_too():
    network = place(nn.Linear(4, 4), BF16)
    assert network(input=torch.rand(2, 4)).dtype == torch.bfloat16


def test_layers_whose_only_weights_are_buffers_cast_too():
    network = place(nn.Sequential(nn.BatchNorm2d(3, affine=False), nn.Conv2d(3, 3, 1)), BF16)
    assert network(torch.rand(1, 3, 4, 4)).dtype == torch.bfloat16


def test_whole_numbers_are_left_alone():
    network = place(nn.Embedding(5, 4), BF16)
    assert network(torch.tensor([1, 4])).dtype == torch.bfloat16


def test_placing_again_adds_no_second_hook():
    network = place(Skip(), BF16)
    place(network, FULL)
    place(network, BF16)
    assert [len(layer._forward_pre_hooks) for layer in (network.body, network.tail)] == [1, 1]


def test_networks_loaded_in_inference_mode_can_still_give_gradients_of_their_input():
    """Style transfer by optimisation differentiates through a cached network."""
    with torch.inference_mode():
        network = NetworkCache().get("a", Skip, FULL)

    image = torch.rand(1, 3, 8, 8, requires_grad=True)
    network(image).sum().backward()

    assert image.grad is not None


def test_a_network_can_be_placed_anew_in_inference_mode():
    network = place(Skip(), FULL)
    with torch.inference_mode():
        place(network, BF16)
        assert network(torch.rand(1, 3, 8, 8)).dtype == torch.float32
    assert network.body.weight.dtype == torch.bfloat16


def test_a_watch_asks_before_every_layer_and_leaves_no_hook():
    network, checks = place(Skip(), FULL), []
    watch = Watch(lambda: checks.append(1))

    assert watch.add(network) == 2
    assert watch.add(network) == 0
    assert watch.modules == (network,)
    network(torch.rand(1, 3, 8, 8))
    assert len(checks) == 2

    watch.close()
    network(torch.rand(1, 3, 8, 8))
    assert len(checks) == 2
    assert watch.modules == ()
    assert [len(layer._forward_pre_hooks) for layer in (network.body, network.tail)] == [1, 1]


def test_a_watch_does_not_ask_for_what_other_threads_run():
    """Two runs may share a cached network; a cancel of one must not reach the other."""
    network, checks = place(Skip(), FULL), []
    watch = Watch(lambda: checks.append(1))
    watch.add(network)

    thread = threading.Thread(target=network, args=(torch.rand(1, 3, 8, 8),))
    thread.start()
    thread.join()

    assert checks == []
    watch.close()


def test_a_silent_watch_does_not_ask():
    network, checks = place(Skip(), FULL), []
    watch = Watch(lambda: checks.append(1))
    watch.add(network)

    with watch.silent():
        network(torch.rand(1, 3, 8, 8))
    assert checks == []
    network(torch.rand(1, 3, 8, 8))
    assert len(checks) == 2
    watch.close()


def test_hooks_do_not_pile_up_over_many_runs(host, random_picture):
    probe = host(
        """
        def net(pixels, mask, parameters, context):
            return context.tiled(context.network("same", Same), pixels)
        """,
        net={},
    )
    counts = set()
    for _ in range(4):
        probe.run("net", random_picture(20, 20, opaque=True))
        [(_, entry)] = probe.runner.networks._entries.items()
        counts.add(len(entry.module.conv._forward_pre_hooks))
    assert counts == {1}
