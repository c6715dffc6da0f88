"""Galleries: bundled pictures, the user's own, and reading them as tensors in a run."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from studio.api import Gallery, PluginError, UserError, validate
from studio.document import Array, Picture
from studio.files.images import read_image, write_image
from studio.files.metadata import Metadata
from studio.files.profiles import named_profiles
from studio.host.declarations import check_gallery
from studio.host.galleries import LONGEST, Galleries, as_files
from studio.host.models import ModelStore
from studio.host.plugins import PluginRegistry, discover
from studio.host.requests import RunRequest
from studio.host.results import RunResult
from studio.host.runs import Runner

DROPINS = Path(__file__).parents[2] / "dropins"
RED, BLUE, GRAY = (255, 0, 0), (0, 0, 255), (100, 100, 100)


def plain(color: tuple[int, ...], side: int = 8) -> Array:
    pixels = np.full((side, side, 4), 255, np.uint8)
    pixels[..., : len(color)] = color
    return pixels


def save(path: Path, pixels: Array, icc: bytes | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, pixels, Metadata(icc=icc))
    return path


@pytest.fixture
def registry() -> PluginRegistry:
    """The plugin with a gallery of two pictures."""
    folder = Path(os.environ["IMPASTO_PLUGINS"])
    shutil.copytree(DROPINS / "looks", folder / "looks")
    save(folder / "looks" / "pictures" / "red.png", plain(RED))
    save(folder / "looks" / "pictures" / "deep-blue.png", plain(BLUE))
    (folder / "looks" / "pictures" / "notes.txt").write_text("no picture")
    registry = discover(folder)
    assert not [each for each in registry.failures if each.name == "looks"]
    return registry


@pytest.fixture
def galleries(registry: PluginRegistry) -> Galleries:
    return Galleries(registry.galleries())


@pytest.fixture
def run(registry: PluginRegistry, tmp_path: Path) -> Callable[..., RunResult]:
    runner = Runner(registry, ModelStore(tmp_path / "m", tmp_path / "b", ()), max_pixels=1_000_000)

    def call(picture: Picture | None = None, **parameters: object) -> RunResult:
        picture = picture or Picture.from_pixels(plain(GRAY))
        return runner.execute(RunRequest("looks.mix", parameters, picture, device="cpu"))

    return call


def color(result: RunResult) -> list[int]:
    found = {tuple(map(int, pixel)) for row in result.images[0].pixels for pixel in row}
    assert len(found) == 1
    return list(found.pop()[:3])


def test_bundled_pictures_come_first_then_the_users_own(galleries: Galleries):
    save(galleries.own_folder("looks") / "autumn.png", plain(GRAY))
    found = [(each.name, each.title, each.own) for each in galleries.pictures("looks")]
    assert found == [
        ("deep-blue", "Deep blue", False),
        ("red", "Red", False),
        ("autumn", "Autumn", True),
    ]
    assert galleries.pictures("looks")[2].source == "gallery:autumn"


def test_of_two_with_one_name_the_bundled_one_counts(galleries: Galleries):
    save(galleries.own_folder("looks") / "red.png", plain(GRAY))
    found = [each for each in galleries.pictures("looks") if each.name == "red"]
    assert [each.own for each in found] == [False]


def test_a_gallery_that_nobody_declares_has_the_users_own_pictures(galleries: Galleries):
    assert galleries.pictures("nowhere") == ()
    save(galleries.own_folder("nowhere") / "a.png", plain(GRAY))
    assert [each.name for each in galleries.pictures("nowhere")] == ["a"]


def test_names_are_found_whatever_their_case_and_advice_is_given(galleries: Galleries):
    assert galleries.locate("gallery:Deep-Blue").name == "deep-blue.png"
    with pytest.raises(UserError, match="rad") as caught:
        galleries.locate("gallery:rad")
    assert "gallery:red" in caught.value.hint
    with pytest.raises(UserError) as caught:
        galleries.locate("gallery:../../../etc/passwd")
    assert "deep-blue" in caught.value.hint
    assert "red" in caught.value.hint


def test_what_is_added_is_there_under_a_free_name(galleries: Galleries):
    pixels = plain((1, 2, 3))
    first = galleries.add("looks", "Red", pixels)
    second = galleries.add("looks", "Bäume / Äste (Kopie)", pixels)
    third = galleries.add("looks", "???", pixels)
    assert [each.name for each in (first, second, third)] == [
        "red-2",
        "bäume-äste-kopie",
        "picture",
    ]
    assert second in galleries.pictures("looks")
    np.testing.assert_array_equal(read_image(second.path).pixels, pixels)


def test_what_is_added_keeps_its_profile_and_is_reduced_to_a_reference(galleries: Galleries):
    wide = np.full((10, LONGEST + 1000, 4), 200, np.uint8)
    icc = named_profiles()["Display P3"]
    opened = read_image(galleries.add("looks", "wide", wide, icc).path)
    assert opened.pixels.shape == (8, LONGEST, 4)
    assert opened.metadata.icc == icc


def test_only_ones_own_can_be_removed(galleries: Galleries):
    own = galleries.add("looks", "mine", plain(GRAY))
    galleries.remove(own)
    assert [each.name for each in galleries.pictures("looks")] == ["deep-blue", "red"]
    with pytest.raises(UserError, match="comes with"):
        galleries.remove(galleries.pictures("looks")[0])
    assert len(galleries.pictures("looks")) == 2


def test_a_run_mixes_pictures_of_a_gallery_and_of_files(run: Callable[..., RunResult], tmp_path):
    path = save(tmp_path / "white.png", plain((255, 255, 255)))
    result = run(style=[["gallery:red", 1.0], [str(path), 3.0]])
    assert color(result) == [255, 191, 191]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert result.record["pictures"][str(path)] == digest
    assert set(result.record["pictures"]) == {"gallery:red", str(path)}
    assert result.record["parameters"]["style"] == [["gallery:red", 1.0], [str(path), 3.0]]


def test_a_changed_file_is_read_again(run: Callable[..., RunResult], tmp_path: Path):
    path = save(tmp_path / "a.png", plain(RED))
    assert color(run(plain=str(path))) == [255, 0, 0]
    save(path, plain(BLUE, side=9))
    assert color(run(plain=str(path))) == [0, 0, 255]


def test_transparency_lies_over_white(run: Callable[..., RunResult], tmp_path: Path):
    path = save(tmp_path / "half.png", plain((255, 0, 0, 51)))
    assert color(run(plain=str(path))) == [255, 204, 204]


def test_sixteen_bits_are_read_as_such(run: Callable[..., RunResult], tmp_path: Path):
    deep = Picture.from_pixels(plain(GRAY).astype(np.uint16) * 257)
    shade = plain(GRAY).astype(np.uint16) * 257
    shade[..., :3] += 100
    path = save(tmp_path / "deep.png", shade)
    assert color(run(deep, plain=str(path))) == [100 * 257 + 100] * 3


@pytest.mark.parametrize("document", ["sRGB", "Display P3", "Compatible with Adobe RGB (1998)"])
def test_colors_keep_their_look_in_the_space_of_the_picture(
    run: Callable[..., RunResult], tmp_path: Path, document: str
):
    """A picture in another profile fills a document with the color that it looks like."""
    icc = named_profiles()["Display P3"]
    path = save(tmp_path / "p3.png", plain((120, 90, 60)), icc)
    space = named_profiles()[document]
    given = Picture.from_pixels(plain(GRAY), icc=space)
    from studio.files.profiles import convert

    expected = convert(plain((120, 90, 60)), icc, space)[0, 0, :3].astype(int)
    assert np.abs(np.array(color(run(given, plain=str(path)))) - expected).max() <= 1


def test_what_cannot_be_read_is_told(run: Callable[..., RunResult], tmp_path: Path):
    with pytest.raises(UserError, match="There is no file"):
        run(plain=str(tmp_path / "gone.png"))
    (tmp_path / "bad.png").write_text("words")
    with pytest.raises(UserError, match="bad.png"):
        run(plain=str(tmp_path / "bad.png"))
    large = save(tmp_path / "large.png", np.zeros((1001, 1000, 4), np.uint8))
    with pytest.raises(UserError, match="1"):
        run(plain=str(large))


def test_who_reads_files_gets_their_paths(registry: PluginRegistry, tmp_path: Path):
    galleries = Galleries(registry.galleries())
    own = galleries.add("looks", "mine", plain(GRAY))
    declared = registry.operation("looks.mix").parameters
    given = {"style": f"gallery:red*0.5;{tmp_path / 'a.png'}", "ground": "gallery:mine"}
    found = as_files(validate(declared, given), galleries).model_dump(mode="json")
    bundled = galleries.locate("gallery:red")
    assert found == {
        "style": [[str(bundled), 0.5], [str(tmp_path / "a.png"), 1.0]],
        "ground": str(own.path),
        "plain": None,
    }
    with pytest.raises(UserError, match="rad"):
        as_files(validate(declared, {"ground": "gallery:rad"}), galleries)


@pytest.mark.parametrize(
    ("gallery", "problem"),
    [
        (Gallery("Two Words", "T", "bundled:styles"), "lower case"),
        (Gallery("a", "", "bundled:styles"), "no title"),
        (Gallery("a", "T", "styles"), "bundled:FOLDER"),
        (Gallery("a", "T", "bundled:../styles"), "bundled:FOLDER"),
        (Gallery("a", "T", Path("nowhere")), "no folder"),
    ],
)
def test_a_wrong_declaration_fails_the_plugin(gallery: Gallery, problem: str):
    with pytest.raises(PluginError, match=problem):
        check_gallery(gallery)


def test_a_bundled_folder_lies_in_the_resources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import studio_resources

    monkeypatch.setattr(studio_resources, "__file__", str(tmp_path / "__init__.py"))
    path = save(tmp_path / "looks" / "red.png", plain(RED))
    found = Galleries([Gallery("s", "Looks", "bundled:looks")])
    assert [each.path for each in found.pictures("s")] == [path]
    assert found.locate("gallery:red") == path
