"""What records say when they leave the computer."""

from __future__ import annotations

import json

import pytest

from studio.host.disclosure import files_of, public, seed_of, values_of

PICTURE = "/srv/somebody/secret project/flower.jpg"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (PICTURE, "flower.jpg"),
        (r"C:\Users\Somebody\flower.jpg", "flower.jpg"),
        (r"\\server\share\flower.jpg", "flower.jpg"),
        ("~/models/sd15/", "sd15"),
        ("file:///srv/somebody/a.safetensors", "a.safetensors"),
        ("/srv/me/a.safetensors*0.8; /srv/me/b.safetensors", "a.safetensors*0.8; b.safetensors"),
        ([[PICTURE, 0.5], ["gallery:ink", 1.0]], [["flower.jpg", 0.5], ["gallery:ink", 1.0]]),
        ({"source": PICTURE}, {"source": "flower.jpg"}),
    ],
)
def test_paths_become_names(value, shown):
    record = {"operation": "a.b", "parameters": {"it": value, "steps": 3}, "seed": 4}
    found = public(record)
    assert found["parameters"] == {"it": shown, "steps": 3}
    assert found["files"] == ["it"]
    assert public(found) == found
    assert values_of(found) == {"steps": 3}
    assert "somebody" not in json.dumps(found).lower()


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a/b testing",
        "and/or",
        "/imagine a fox",
        "somebody/model",
        "gallery:ink",
        None,
        3,
        "#aabbcc",
    ],
)
def test_other_values_stay(value):
    record = {"parameters": {"it": value, "prompt": "/a/b; ~/c/d and C:\\e\\f"}, "seed": 4}
    assert public(record) == record
    assert values_of(record) == record["parameters"]


def test_relative_paths_of_what_is_there(tmp_path, monkeypatch):
    (tmp_path / "clients" / "acme").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    found = public({"parameters": {"model": "clients/acme"}})
    assert found["parameters"] == {"model": "acme"}
    assert files_of(found) == {"model": "acme"}


def test_reference_pictures_keep_their_hash():
    record = {
        "parameters": {"style": PICTURE, "other": "gallery:ink"},
        "pictures": {PICTURE: "ab", "gallery:ink": "cd"},
    }
    found = public(record)
    assert found["pictures"] == {"flower.jpg": "ab", "gallery:ink": "cd"}
    assert values_of(found) == {"other": "gallery:ink"}
    assert files_of(found) == {"style": "flower.jpg"}


def test_records_of_strangers():
    for record in ({}, {"parameters": 3, "files": 4}, {"files": [1, "x"], "parameters": {"y": 2}}):
        public(record)
        assert files_of(record) == {}
    assert [seed_of({"seed": s}) for s in (5, -1, True, "a", None)] == [5, None, None, None, None]
