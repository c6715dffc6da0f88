"""Color hints on their way to an operation: dabs and pictures, parts, profiles, records."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from studio.api import UserError
from studio.document import Picture, Rect
from studio.files.journal.packing import Packer, Unpacker
from studio.files.profiles import named_profiles
from studio.host.hints import Dab, Hints, dab_radius, dabs_from, given, hint_tensor, plain
from studio.host.models import ModelStore
from studio.host.plugins import discover
from studio.host.recovery import CODEC
from studio.host.requests import RunRequest
from studio.host.runs import Runner

RED = Dab(20.0, 10.0, 4.0, "#ff0000")
BLUE = Dab(50.0, 30.0, 6.0, "#0000ff")


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    folder = tmp_path / "plugins"
    folder.mkdir()
    shutil.copy(Path(__file__).parents[2] / "dropins" / "hinted.py", folder)
    return Runner(discover(folder), ModelStore(tmp_path, tmp_path, []))


def gray(icc: bytes | None = None) -> Picture:
    pixels = np.full((40, 80, 4), 128, np.uint8)
    pixels[..., 3] = 255
    return Picture.from_pixels(pixels, icc=icc)


def request(hints: Hints, operation: str = "hinted.paint", **more: object) -> RunRequest:
    picture = more.pop("picture", None) or gray()
    return RunRequest(operation, {}, picture, device="cpu", hints=hints, **more)  # type: ignore[arg-type]  # what is passed on is the request's own


def test_dabs_become_discs_of_their_color() -> None:
    found = hint_tensor((RED, BLUE), Rect(0, 0, 80, 40), None)
    assert found is not None
    assert tuple(found.shape) == (1, 4, 40, 80)
    assert found[0, :, 10, 20].tolist() == [1, 0, 0, 1]
    assert found[0, :, 30, 50].tolist() == [0, 0, 1, 1]
    assert found[0, 3].sum() == pytest.approx(np.pi * (16 + 36), rel=0.05)
    assert float(found[0, 3, 10, 26]) == 0


def test_a_part_has_what_lies_in_it() -> None:
    found = hint_tensor((RED, BLUE), Rect(40, 20, 40, 20), None)
    assert found is not None
    assert found[0, :, 10, 10].tolist() == [0, 0, 1, 1]
    assert float(found[0, 0].max()) == 0
    assert hint_tensor((RED,), Rect(40, 20, 40, 20), None) is None


def test_a_dab_across_the_border_is_cut_off() -> None:
    found = hint_tensor((Dab(0.0, 39.9, 5.0, "#00ff00"),), Rect(0, 0, 80, 40), None)
    assert found is not None
    assert found[0, :, 39, 0].tolist() == [0, 1, 0, 1]


def test_hints_reach_the_operation_and_the_record(runner: Runner) -> None:
    result = runner.execute(request((RED, BLUE)))
    pixels = result.images[0].pixels
    assert pixels[10, 20].tolist() == [255, 0, 0, 255]
    assert pixels[30, 50].tolist() == [0, 0, 255, 255]
    assert pixels[35, 5].tolist() == [128, 128, 128, 255]
    assert dabs_from(result.record["hints"]) == (RED, BLUE)
    assert "hints" not in runner.execute(request(())).record


def test_a_try_has_the_hints_in_their_places(runner: Runner) -> None:
    result = runner.execute(request((RED, BLUE), "hinted.try", region=Rect(40, 20, 30, 20)))
    assert result.images[0].pixels[10, 10].tolist() == [0, 0, 255, 255]


def test_a_picture_of_hints_does_the_same(runner: Runner) -> None:
    hints = np.zeros((40, 80, 4), np.uint8)
    hints[5:8, 10:20] = (0, 200, 0, 255)
    hints[20, 30] = (200, 0, 0, 128)
    result = runner.execute(request(hints))
    pixels = result.images[0].pixels
    assert pixels[6, 15].tolist() == [0, 200, 0, 255]
    assert 150 < pixels[20, 30, 0] < 180
    assert pixels[30, 60].tolist() == [128, 128, 128, 255]
    assert set(result.record["hints"]) == {"sha256"}


def test_colors_are_given_in_the_space_of_the_pixels(runner: Runner) -> None:
    icc = named_profiles()["Display P3"]
    result = runner.execute(request((RED,), picture=gray(icc)))
    red = result.images[0].pixels[10, 20, :3].tolist()
    assert red == pytest.approx([234, 51, 35], abs=1)  # sRGB's red in Display P3


def test_who_takes_no_hints_says_so(runner: Runner) -> None:
    with pytest.raises(UserError, match="takes no color hints"):
        runner.execute(request((RED,), "hinted.deaf"))
    assert runner.execute(request((), "hinted.deaf")).images[0].pixels[10, 20, 0] == 128


def test_hints_of_another_size_are_refused(runner: Runner) -> None:
    hints = np.full((20, 20, 4), 255, np.uint8)
    with pytest.raises(UserError, match="20 x 20 pixels, and the picture is 80 x 40"):
        runner.execute(request(hints))


def test_what_is_kept_for_a_crash_holds_them(runner: Runner) -> None:
    result = runner.execute(request((RED, BLUE)))
    blobs: dict[bytes, bytes] = {}

    def put(data: bytes) -> bytes:
        key = hashlib.sha256(data).digest()[:16]
        blobs[key] = data
        return key

    packer = Packer(CODEC, lambda array: (put(array.tobytes()),), put)
    packed = json.loads(json.dumps(packer.pack(result.request.hints)))
    assert Unpacker(CODEC, blobs.get).unpack(packed) == (RED, BLUE)


def test_records_and_sizes() -> None:
    assert dabs_from(plain((RED,))) == (RED,)
    assert dabs_from({"sha256": "0"}) == dabs_from(None) == ()
    with pytest.raises(UserError):
        dabs_from([[1, 2, 3, "red"]])
    assert not given(())
    assert not given(np.zeros((2, 2, 4), np.uint8))
    assert RED.moved((10, 0), 0.5) == Dab(5.0, 5.0, 2.0, "#ff0000")
    assert dab_radius(gray()) == 1.0


@pytest.mark.parametrize("output", ["canvas", "document"])
def test_only_what_makes_a_region_or_layers_takes_hints(tmp_path: Path, output: str) -> None:
    code = (Path(__file__).parents[2] / "dropins" / "hinted.py").read_text(encoding="utf-8")
    wrong = code.replace("live=True,", "").replace("hints=", f'output="{output}", hints=')
    assert wrong != code
    (tmp_path / "hinted.py").write_text(wrong, encoding="utf-8")
    (failure,) = [f for f in discover(tmp_path).failures if "hints" in str(f)]
    assert "takes hints" in str(failure)
