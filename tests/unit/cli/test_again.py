"""Pictures that are made once more from what they say of themselves."""

from __future__ import annotations

import json

import numpy as np
import pytest

from studio.files.documents import recipe_of
from studio.files.images import read_image, write_image
from studio.files.metadata import Metadata
from studio.files.provenance import PROMPT, SOURCE_TYPE, TERMS
from studio.files.xmp import changed, read

pytestmark = pytest.mark.usefixtures("testkit")


@pytest.fixture
def noise(impasto, tmp_path):
    """Make noise in a file; returns its path."""

    def make(name="noise.png", *flags: object):
        path = tmp_path / name
        arguments = ("--width", 7, "--seed", 5, *flags)
        assert impasto("run", "testkit.noise", "-o", path, *arguments).code == 0
        return path

    return make


def pixels(path):
    return read_image(path).pixels


@pytest.mark.parametrize("suffix", [".png", ".tif", ".ora"])
def test_a_generated_picture_comes_out_the_same(impasto, noise, tmp_path, suffix):
    path, again = noise(f"a{suffix}"), tmp_path / "again.png"
    done = impasto("run", "--again", path, "-o", again)
    assert done.code == 0
    assert "the same pixels" in done.out
    assert np.array_equal(pixels(path), pixels(again))
    assert recipe_of(again) == recipe_of(path)


def test_a_lossy_file_is_enough_to_make_the_exact_picture(impasto, noise, tmp_path):
    exact, lossy, again = noise("a.png"), noise("a.jpg"), tmp_path / "again.png"
    done = impasto("run", "--again", lossy, "-o", again, "--json")
    assert json.loads(done.out)["identical"] is None
    assert np.array_equal(pixels(exact), pixels(again))


def test_what_was_done_after_it_was_generated_is_done_again(impasto, noise, tmp_path):
    path, larger, again = noise(), tmp_path / "larger.png", tmp_path / "again.png"
    assert impasto("run", "testkit.enlarge", path, "-o", larger, "--scale", 3).code == 0
    assert [step["operation"] for step in recipe_of(larger)] == ["testkit.noise", "testkit.enlarge"]
    done = impasto("run", "--again", larger, "-o", again, "--json")
    assert json.loads(done.out)["identical"] is True
    assert pixels(again).shape == (12, 21, 4)


def test_a_picture_that_was_changed_is_said_to_differ(impasto, noise, tmp_path):
    path = noise()
    opened = read_image(path)
    opened.pixels[0, 0, 0] ^= 1
    write_image(path, opened.pixels, opened.metadata)
    done = impasto("run", "--again", path, "-o", tmp_path / "again.png")
    assert done.code == 0
    assert "differ from noise.png: it was changed by hand" in done.err


def test_settings_are_taken_over_but_for_those_given(impasto, noise, tmp_path):
    path, other = noise(), tmp_path / "other.png"
    assert impasto("run", "testkit.noise", "--again", path, "-o", other).code == 0
    assert np.array_equal(pixels(path), pixels(other))
    changed_flags = ("--height", 9, "--seed", 6)
    assert impasto("run", "testkit.noise", "--again", path, "-o", other, *changed_flags).code == 0
    record = recipe_of(other)[-1]
    assert (record["parameters"], record["seed"]) == ({"width": 7, "height": 9}, 6)


def test_settings_of_an_edit_do_for_another_picture(impasto, photo, tmp_path):
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    assert impasto("run", "testkit.invert", photo[0], "-o", first, "--strength", 0.25).code == 0
    assert impasto("run", "testkit.invert", photo[0], "--again", first, "-o", second).code == 0
    assert np.array_equal(pixels(first), pixels(second))
    done = impasto("run", "--again", first, "-o", tmp_path / "x.png")
    assert done.code == 1
    assert "impasto run testkit.invert PICTURE --again first.png" in done.err


def test_one_of_several_results_is_the_one_made_again(impasto, photo, tmp_path):
    assert impasto("run", "testkit.shades", photo[0], "-o", f"{tmp_path}/shades/").code == 0
    numbers = [
        recipe_of(p)[-1].get("variation", 0) for p in sorted((tmp_path / "shades").iterdir())
    ]
    assert numbers == [0, 1, 2]


def test_files_name_no_folders(impasto, photo, tmp_path):
    out = tmp_path / "out.png"
    flags = ("--reference", photo[0], "--prompt", "a/b")
    assert impasto("run", "testkit.invert", photo[0], "-o", out, *flags).code == 0
    assert str(tmp_path).encode() not in out.read_bytes()
    record = recipe_of(out)[-1]
    assert record["parameters"]["reference"] == "photo.png"
    assert record["parameters"]["prompt"] == "a/b"
    done = impasto("run", "testkit.invert", photo[0], "--again", out, "-o", tmp_path / "b.png")
    assert done.code == 2
    assert "photo.png" in done.err
    assert "--reference" in done.err
    flags = ("--reference", photo[0])
    done = impasto(
        "run", "testkit.invert", photo[0], "--again", out, "-o", out, "--overwrite", *flags
    )
    assert done.code == 0


def test_a_photo_keeps_what_it_said_and_a_record_can_be_left_out(impasto, photo, tmp_path):
    mine = changed(None, {PROMPT: "of another program"})
    source = tmp_path / "source.png"
    write_image(source, photo[1], Metadata(xmp=mine, dpi=(300, 300)))
    out = tmp_path / "out.png"
    assert impasto("run", "testkit.invert", source, "-o", out).code == 0
    assert (read_image(out).metadata.xmp, len(recipe_of(out))) == (mine, 1)
    assert impasto("run", "testkit.invert", source, "-o", out, "--no-record").code == 0
    assert (read_image(out).metadata.xmp, recipe_of(out)) == (mine, ())


def test_without_a_record_a_generated_picture_still_says_that_it_is_one(impasto, noise, tmp_path):
    path = noise("a.png", "--no-record")
    found = read_image(path).metadata
    assert found.recipe == ()
    assert read(found.xmp, SOURCE_TYPE) == f"{TERMS}trainedAlgorithmicMedia"
    done = impasto("run", "--again", path, "-o", tmp_path / "x.png")
    assert (done.code, "does not say that it was generated" in done.err) == (1, True)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("-o", "x.png"), "Missing command"),
        (("--again", "a.png"), "no name for the picture"),
        (("--again", "a.png", "-o", "x.xyz"), "cannot be written"),
        (("--again", "a.png", "-o", "a.png"), "overwrite"),
        (("--again", "a.png", "-o", "x.png", "--device", "toaster"), "toaster"),
        (("--again", "a.png", "testkit.noise", "-o", "x.png"), "before the operation's id"),
        (("testkit.enlarge", "a.png", "--again", "a.png", "-o", "x.png"), "testkit.enlarge"),
    ],
)
def test_wrong_command_lines(impasto, noise, tmp_path, monkeypatch, flags, message):
    noise("a.png")
    monkeypatch.chdir(tmp_path)
    done = impasto("run", *flags)
    assert done.code == 2
    assert message in done.err
    assert not (tmp_path / "x.png").exists()


def test_records_that_lead_nowhere(impasto, photo, tmp_path):
    gone = {"operation": "gone.away", "provenance": "generated", "seed": 1}
    file = {**gone, "operation": "testkit.noise", "parameters": {"it": "a"}, "files": ["it"]}
    bad = {**gone, "operation": "testkit.noise", "parameters": {"width": 10_000}}
    path = tmp_path / "a.png"
    for record, message in ((gone, "gone.away"), (file, "the file a"), (bad, "width")):
        write_image(path, photo[1], Metadata(recipe=(record,)))
        done = impasto("run", "--again", path, "-o", tmp_path / "x.png")
        assert (done.code, message in done.err) == (1, True)
