"""Models that were trained here: kept with their card, which travels in the file."""

from __future__ import annotations

import json
import os
import time

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from studio.api import UserError
from studio.host.models import ModelStatus
from studio.host.models.trained import KEY, embed_card


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "best.safetensors"
    save_file({"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(3).half()}, path)
    return path


@pytest.fixture
def card(make_card):
    return make_card(
        "my-net",
        "file:trained",
        {"model.safetensors": b"unknown"},
        title="My net",
        format="safetensors",
        trained={"steps": 3},
        extra={"kind": "small"},
    )


def test_a_trained_model_stays_and_brings_its_card_to_another_computer(
    make_store, tmp_path, weights, card
):
    store = make_store()
    kept = store.add_trained(weights, card)
    assert (kept.id, kept.title, kept.extra) == ("my-net", "My net", {"kind": "small"})
    assert store.status("my-net") is ModelStatus.CACHED
    assert store.is_imported("my-net")
    (path,) = store.ensure("my-net")
    assert all(torch.equal(v, load_file(weights)[k]) for k, v in load_file(path).items())
    again = make_store()
    assert again.card("my-net") == kept
    carried = tmp_path / "from a friend.safetensors"
    carried.write_bytes(path.read_bytes())
    store.remove("my-net")
    taken = make_store().import_file(carried, [])
    assert (taken.id, taken.title, taken.trained) == ("my-net", "My net", {"steps": 3})
    assert taken.source == carried.as_uri()
    assert taken.files[0].sha256 == kept.files[0].sha256


def test_ids_of_trained_models_are_unique(make_store, weights, card):
    store = make_store(card)
    assert store.add_trained(weights, card).id == "my-net-2"
    assert store.add_trained(weights, card).id == "my-net-3"


def test_what_metadata_say_of_the_file_itself_is_not_believed(make_store, tmp_path, card):
    text = card.model_dump_json()  # with a wrong hash, size and source
    path = tmp_path / "claims.safetensors"
    save_file({"a": torch.ones(3)}, path, metadata={KEY: text})
    store = make_store()
    taken = store.import_file(path, [])
    assert taken.id == "my-net"
    assert taken.files[0].bytes == path.stat().st_size
    assert taken.source == path.as_uri()
    assert store.locate("my-net")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '"x"', json.dumps({"id": "only-an-id"}), json.dumps({"id": "../evil"})],
)
def test_metadata_that_are_no_card_leave_it_to_the_loaders(make_store, tmp_path, loader, text):
    path = tmp_path / "odd.safetensors"
    save_file({"ours.weight": torch.ones(3)}, path, metadata={KEY: text})
    assert make_store().import_file(path, [loader]).architecture == "OurNet"


def test_metadata_that_were_there_stay(tmp_path, card):
    path, target = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    save_file({"a": torch.ones(3)}, path, metadata={"made by": "me"})
    embed_card(path, target, card)
    with safe_open(target, "pt") as file:
        assert file.metadata().keys() == {"made by", KEY}
        assert torch.equal(file.get_tensor("a"), torch.ones(3))


def test_what_is_no_safetensors_file_is_refused(tmp_path, card):
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"PK\3\4 nothing of the kind")
    with pytest.raises(ValueError, match="not a safetensors"):
        embed_card(path, tmp_path / "b.safetensors", card)


def test_an_open_store_notices_what_another_process_adds_and_removes(make_store, weights, card):
    window, command = make_store(), make_store()
    assert window.cards() == ()
    command.add_trained(weights, card)
    assert [found.id for found in window.cards()] == ["my-net"]
    assert window.card("my-net").title == "My net"
    _settle(window)
    command.remove("my-net")
    assert window.cards("super-resolution") == ()
    with pytest.raises(UserError, match="no model"):
        window.card("my-net")


def _settle(store):
    """Make the folder look as if its last change were long ago."""
    past = time.time() - 100
    os.utime(store.cache_dir / "cards", (past, past))
    store.cards()
