from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from studio.api import ImpastoDeprecationWarning
from studio.api.errors import UserError
from studio.api.models import CheckpointLoader, ModelCard, ModelFile, read_cards

FILE = {"name": "net.pth", "sha256": "0" * 64, "bytes": 10}
CARD = {
    "id": "net",
    "title": "Net",
    "task": "super-resolution",
    "architecture": "RRDBNet",
    "format": "pth",
    "source": "https://example.org/net.pth",
    "files": [FILE],
    "licence": "MIT",
    "origin": "https://example.org",
}

TOML = """
[[model]]
id = "first"
title = "First"
task = "super-resolution"
architecture = "RRDBNet"
format = "ncnn"
scale = 4
source = "pypi:some-package==2.0.0"
licence = "BSD-3-Clause"
origin = "Somebody, https://example.org"
summary = "Sharp."
limits = "Invents texture."
metrics = { "Set5 PSNR-Y" = 31.5 }
extra = { blocks = "23" }

[[model.files]]
name = "first.param"
path_in_source = "some_package/first.param"
sha256 = "AAAA"
bytes = 100

[[model.files]]
name = "first.bin"
sha256 = "BBBB"
bytes = 2000
""".replace("AAAA", "a" * 64).replace("BBBB", "b" * 64)


def test_cards_are_read(tmp_path):
    path = tmp_path / "models.toml"
    path.write_text(TOML)
    (card,) = read_cards(path)
    assert card.id == "first"
    assert card.files[0].member == "some_package/first.param"
    assert card.files[1].member == "first.bin"
    assert card.bytes == 2100
    assert card.metrics["Set5 PSNR-Y"] == 31.5
    assert ModelCard.model_validate_json(card.model_dump_json()) == card
    assert len({card, card}) == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("scale = 4", "scale = 0", "model first: scale:"),
        ('id = "first"', "", "model 1: id:"),
        ("bytes = 2000", "bytes = -1", r"files\.1\.bytes:"),
        ("a" * 64, "abc", r"files\.0\.sha256:"),
        ("==2.0.0", ">=2", "source: .*pin one version"),
        ("pypi:some-package==2.0.0", "pypi:--index-url==1", "source: .*pin one version"),
        ("pypi:some-package==2.0.0", "ftp://example.org/x", "source: .*must start with"),
        ("pypi:some-package==2.0.0", "http://example.org/x", "source: .*https"),
        ("pypi:some-package==2.0.0", "https:///x", "source: .*no host"),
        ("pypi:some-package==2.0.0", "bundled:../x", "source: .*model folder"),
        ("some_package/first.param", "../first.param", r"files\.0\.path_in_source:"),
        ("some_package/first.param", "/etc/passwd", r"files\.0\.path_in_source:"),
        ('"first.bin"', '"a/b.bin"', r"files\.1\.name:"),
        ('"first.bin"', '".."', r"files\.1\.name:"),
        ('"first.bin"', '"first.param"', "files: .*must differ"),
        ("[[model]]", "[[model]]\nwheels = 4", "wheels:"),
        ("[[model]]", "[[modell]]", "found modell"),
        ("scale = 4", "scale =", "not valid TOML"),
    ],
)
def test_a_wrong_card_is_named_with_file_and_field(tmp_path, old, new, words):
    path = tmp_path / "models.toml"
    assert old in TOML
    path.write_text(TOML.replace(old, new))
    with pytest.raises(UserError, match=words) as caught:
        read_cards(path)
    assert str(path) in caught.value.message


def test_an_id_used_twice_is_refused(tmp_path):
    path = tmp_path / "models.toml"
    path.write_text(TOML + TOML)
    with pytest.raises(UserError, match="first is used twice"):
        read_cards(path)


def test_what_comes_with_a_plugin_lies_beside_its_cards(tmp_path):
    path = tmp_path / "models.toml"
    path.write_text(TOML.replace("pypi:some-package==2.0.0", "bundled:./weights"))
    (card,) = read_cards(path)
    assert card.source == f"bundled:{(tmp_path / 'weights').as_posix()}"
    path.write_text(TOML.replace("pypi:some-package==2.0.0", "bundled:./../../secret"))
    with pytest.raises(UserError, match="file inside"):
        read_cards(path)


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"models\.toml cannot be read"):
        read_cards(tmp_path / "models.toml")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_plain_http_is_for_this_computer_only(host):
    card = ModelCard.model_validate(CARD | {"source": f"http://{host}:8000/net.pth"})
    assert card.source.endswith("/net.pth")


def test_cards_do_not_change():
    card = ModelCard.model_validate(CARD)
    with pytest.raises(ValidationError):
        card.title = "other"


@pytest.mark.parametrize("name", ["", "a\\b", "a\0b", "c:d", "/abs"])
def test_file_names_are_plain(name):
    with pytest.raises(ValidationError):
        ModelFile.model_validate(FILE | {"name": name})


def test_loaders_become_absolute():
    loader = CheckpointLoader("x", "X", "super-resolution", (".pth",), ".engine:recognise")
    with pytest.warns(ImpastoDeprecationWarning, match="the host makes references absolute"):
        absolute = loader.within("plugins.sr")
    assert absolute.function == "plugins.sr.engine:recognise"
    assert absolute.within("other") == absolute


def test_declarations_import_no_torch():
    code = "import sys, studio.api.models; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
