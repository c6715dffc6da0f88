"""Runs in this process: flags, masks, several inputs and results, failures."""

from __future__ import annotations

import io
import json
import struct
import sys
import zlib

import cv2
import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("testkit")


def read(path):
    """Pixels as another library reads them: RGBA or gray."""
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    if pixels.ndim == 2:
        return pixels
    return cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def save(path, pixels):
    code = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    flipped = cv2.cvtColor(pixels, code[pixels.shape[2]]) if pixels.ndim == 3 else pixels
    assert cv2.imwrite(str(path), flipped)
    return path


def noise(shape, dtype=np.uint8, seed=1):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def test_a_run_writes_the_result_and_says_so(impasto, photo, tmp_path):
    path, pixels = photo
    out = tmp_path / "out.png"
    found = impasto("run", "testkit.invert", path, "-o", out)
    assert found.code == 0
    assert found.err == ""
    assert found.out.startswith(f"{out}  (30 x 20, ")
    np.testing.assert_array_equal(read(out), 255 - pixels[..., :3])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("mask_depth", [np.uint8, np.uint16])
def test_pixels_outside_the_mask_keep_every_bit(impasto, tmp_path, dtype, mask_depth):
    pixels = noise((60, 80, 4), dtype)
    pixels[:30, :40, 3] = 0  # colour under full transparency counts too
    pixels[30:, :, 3] = np.iinfo(dtype).max
    full = np.iinfo(mask_depth).max
    mask = np.zeros((60, 80), mask_depth)
    mask[10:50, 10:40] = full
    mask[10:50, 40:60] = full // 2
    source = save(tmp_path / "in.png", pixels)
    out = tmp_path / "out.png"
    found = impasto(
        "run", "testkit.invert", source, "-o", out, "--mask", save(tmp_path / "m.png", mask)
    )
    assert found.code == 0
    got = read(out)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got[mask == 0], pixels[mask == 0])
    np.testing.assert_array_equal(got[..., 3], pixels[..., 3])
    inside = got[mask == full]
    np.testing.assert_array_equal(inside[:, :3], np.iinfo(dtype).max - pixels[mask == full][:, :3])
    half = (mask == full // 2) & (pixels[..., 3] > np.iinfo(dtype).max // 2)
    middle = np.iinfo(dtype).max / 2
    assert np.abs(got[half][:, :3] - middle).max() <= np.iinfo(dtype).max * 0.005


def test_a_result_of_the_visible_picture_changes_nothing_outside_the_mask(impasto, tmp_path):
    pixels = noise((40, 50, 4), np.uint16)
    pixels[:20, :, 3] = 0
    mask = np.zeros((40, 50), np.uint8)
    mask[5:35, 5:25] = 255
    source, out = save(tmp_path / "in.png", pixels), tmp_path / "out.png"
    arguments = ["-o", out, "--mask", save(tmp_path / "m.png", mask)]
    assert impasto("run", "testkit.whiten", source, *arguments).code == 0
    got = read(out)
    np.testing.assert_array_equal(got[mask == 0], pixels[mask == 0])
    assert (got[mask == 255][:, :3] == 65535).all()
    np.testing.assert_array_equal(got[..., 3], pixels[..., 3])


def test_grow_and_feather_apply_only_when_asked(impasto, tmp_path):
    pixels = np.full((61, 61, 3), 200, np.uint8)
    mask = np.zeros((61, 61), np.uint8)
    mask[30, 30] = 255
    source, mask_file = save(tmp_path / "in.png", pixels), save(tmp_path / "m.png", mask)

    def changed(*flags: object):
        out = tmp_path / "out.png"
        command = ["run", "testkit.invert", source, "-o", out, "--mask", mask_file, *flags]
        assert impasto(*command).code == 0
        return read(out)[..., 0] != 200

    assert changed().sum() == 1
    y, x = np.mgrid[:61, :61]
    disc = (y - 30) ** 2 + (x - 30) ** 2 <= 100
    np.testing.assert_array_equal(changed("--grow", 10), disc)
    soft = changed("--grow", 10, "--feather", 4)
    assert soft[disc].all()
    assert soft.sum() > disc.sum()


def test_a_masks_own_transparency_keeps(impasto, photo, tmp_path):
    path, pixels = photo
    mask = np.full((20, 30, 4), 255, np.uint8)
    mask[:, :15, 3] = 0
    out = tmp_path / "out.png"
    arguments = ["-o", out, "--mask", save(tmp_path / "m.png", mask)]
    assert impasto("run", "testkit.invert", path, *arguments).code == 0
    np.testing.assert_array_equal(read(out)[:, :15], pixels[:, :15, :3])
    np.testing.assert_array_equal(read(out)[:, 15:], 255 - pixels[:, 15:, :3])


def test_flags_reach_the_operation(impasto, photo, tmp_path):
    path, pixels = photo
    out = tmp_path / "out.png"
    flags = ["--strength", "1", "--keep-red", "--method", "soft_light", "--offset", "-5"]
    found = impasto("run", "testkit.invert", *flags, path, "-o", out, "--seed", "7", "--json")
    assert found.code == 0
    assert found.err == ""
    (line,) = found.out.splitlines()
    record = json.loads(line)
    assert (record["input"], record["output"]) == (str(path), str(out))
    assert record["size"] == [30, 20]
    assert record["seconds"] >= 0
    assert record["notes"] == ["Ran with soft_light."]
    assert record["record"]["operation"] == "testkit.invert"
    assert record["record"]["seed"] == 7
    assert record["record"]["parameters"]["keep_red"] is True
    assert record["record"]["parameters"]["offset"] == -5
    np.testing.assert_array_equal(read(out)[..., 0], pixels[..., 0])
    off = impasto("run", "testkit.invert", path, "-o", out, "--keep-red", "--no-keep-red")
    assert off.code == 0
    np.testing.assert_array_equal(read(out)[..., 0], 255 - pixels[..., 0])


def test_notes_are_on_stderr(impasto, photo, tmp_path):
    found = impasto(
        "run", "testkit.invert", photo[0], "-o", tmp_path / "o.png", "--method", "soft_light"
    )
    assert found.err == "Note: Ran with soft_light.\n"


def test_a_note_is_told_once_however_many_pictures_there_are(impasto, photo, tmp_path):
    found = impasto("run", "testkit.shades", photo[0], "-o", tmp_path / "shades")
    assert found.err == "Note: Three shades.\n"
    assert len(found.out.splitlines()) == 3
    found = impasto("run", "testkit.shades", photo[0], "-o", tmp_path / "shades", "--json")
    assert [json.loads(line)["notes"] for line in found.out.splitlines()] == [["Three shades."]] * 3


@pytest.mark.parametrize(
    ("flags", "error", "hint"),
    [
        (["--strength", "1.5"], "1.5 is out of range", "--strength takes 0 to 1."),
        (["--strength", "nan"], "nan is out of range", "0 to 1"),
        (["--strength", "much"], "'much' is not a number", "0 to 1"),
        (["--offset", "-6"], "-6 is out of range", "-5 to 5 levels"),
        (["--offset", "1.5"], "'1.5' is not a whole number", "-5 to 5 levels"),
        (["--method", "soft_lite"], "not one of its words", "plain|soft_light. Did you mean soft"),
        (["--prompt", "far too long a text"], "at most 10 characters", ""),
        (["--reference", "missing.png"], 'no file "missing.png"', "a picture file"),
        (["--network", "tinny"], "no model tinny", ""),
        (["--strenght", "1"], "--strenght", "Did you mean --strength?"),
        (["--seed", "-1"], "--seed", ""),
        (["--device", "gpu"], "'gpu' is not auto, cpu", ""),
        (["--grow", "-1"], "--grow", ""),
        (["--strength"], "--strength", ""),
    ],
)
def test_wrong_flags_are_bad_usage_with_what_is_allowed(
    impasto, photo, tmp_path, flags, error, hint
):
    out = tmp_path / "out.png"
    found = impasto("run", "testkit.invert", photo[0], "-o", out, *flags)
    assert found.code == 2
    assert found.out == ""
    assert len(found.error_lines) == 2
    assert error in found.error_lines[0]
    assert hint in found.error_lines[1]
    assert not out.exists()


def test_a_model_for_another_task_is_bad_usage(impasto, photo, tmp_path, monkeypatch):
    monkeypatch.setenv("TESTKIT_WEIGHTS", str(tmp_path / "w.safetensors"))
    flags = ["-o", tmp_path / "out.png", "--network", "stranger"]
    found = impasto("run", "testkit.invert", photo[0], *flags)
    assert found.code == 2
    assert "for other-task, not for test-task" in found.err
    assert "impasto models list --task test-task" in found.err


@pytest.mark.parametrize(
    ("operation", "arguments", "says"),
    [
        ("invert", ["{photo}"], "Missing option '-o'"),
        ("invert", ["-o", "{dir}/out.png"], "Missing argument 'INPUT"),
        ("whiten", ["{photo}", "-o", "{dir}/out.png"], "Missing option '--mask'"),
        ("enlarge", ["{photo}", "-o", "{dir}/out.png", "--mask", "{photo}"], "--mask"),
        ("noise", ["{photo}", "-o", "{dir}/out.png"], "unexpected extra argument"),
        ("invert", ["{photo}", "-o", "{dir}/out.xyz"], "out.xyz"),
        ("invert", ["{photo}", "-o", "{dir}/none/out.png"], "no folder"),
        ("invert", ["{photo}", "-o", "{photo}"], "would overwrite the input"),
        ("invert", ["{photo}", "-o", "{dir}"], "would overwrite the input"),
    ],
)
def test_what_is_missing_or_too_much_is_bad_usage(
    impasto, photo, tmp_path, operation, arguments, says
):
    before = photo[0].read_bytes()
    filled = [each.format(photo=photo[0], dir=tmp_path) for each in arguments]
    found = impasto("run", f"testkit.{operation}", *filled)
    assert found.code == 2
    assert len(found.error_lines) == 2
    assert says in found.error_lines[0]
    assert photo[0].read_bytes() == before
    assert list(tmp_path.iterdir()) == [photo[0]]


def test_overwriting_the_input_works_when_it_is_allowed(impasto, photo):
    path, pixels = photo
    assert impasto("run", "testkit.invert", path, "-o", path, "--overwrite").code == 0
    np.testing.assert_array_equal(read(path), 255 - pixels[..., :3])


def test_masks_of_another_size_or_in_colour_are_bad_usage(impasto, photo, tmp_path):
    out = tmp_path / "out.png"
    small = save(tmp_path / "small.png", np.zeros((20, 29), np.uint8))
    found = impasto("run", "testkit.invert", photo[0], "-o", out, "--mask", small)
    assert found.code == 2
    assert "The mask is 29 x 20 pixels" in found.error_lines[0]
    assert "is 30 x 20" in found.error_lines[0]
    red = save(tmp_path / "red.png", np.full((20, 30, 3), [255, 0, 0], np.uint8))
    found = impasto("run", "testkit.invert", photo[0], "-o", out, "--mask", red)
    assert found.code == 2
    assert "is not gray" in found.error_lines[0]
    assert not out.exists()


def test_the_mask_is_not_overwritten_either(impasto, photo, tmp_path):
    mask = save(tmp_path / "m.png", np.zeros((20, 30), np.uint8))
    found = impasto("run", "testkit.invert", photo[0], "-o", mask, "--mask", mask)
    assert found.code == 2
    assert "would overwrite" in found.err


def test_enlarging_changes_the_size_and_keeps_alpha(impasto, tmp_path):
    pixels = noise((11, 7, 4))
    source, out = save(tmp_path / "in.png", pixels), tmp_path / "out.png"
    found = impasto("run", "testkit.enlarge", source, "-o", out, "--scale", 3, "--json")
    assert json.loads(found.out)["size"] == [21, 33]
    np.testing.assert_array_equal(read(out), pixels.repeat(3, 0).repeat(3, 1))


def test_operations_without_a_picture_need_none_and_follow_the_seed(impasto, tmp_path):
    def made(name, seed):
        flags = ["-o", tmp_path / name, "--width", 9, "--height", 5, "--seed", seed]
        assert impasto("run", "testkit.noise", *flags).code == 0
        return read(tmp_path / name)

    first = made("a.png", 3)
    assert first.shape == (5, 9, 3)
    np.testing.assert_array_equal(made("b.png", 3), first)
    assert (made("c.png", 4) != first).any()
    found = impasto("run", "testkit.noise", "-o", tmp_path / "folder", "--json")
    assert json.loads(found.out)["input"] is None
    assert (tmp_path / "folder" / "001.png").is_file()


def test_several_results_are_numbered_files(impasto, photo, tmp_path):
    found = impasto("run", "testkit.shades", photo[0], "-o", tmp_path / "out", "--json")
    assert found.code == 0
    lines = [json.loads(line) for line in found.out.splitlines()]
    assert [line["output"] for line in lines] == [
        str(tmp_path / "out" / f"00{number}.png") for number in (1, 2, 3)
    ]
    for number, level in ((1, 64), (2, 128), (3, 255)):
        assert (read(tmp_path / "out" / f"00{number}.png") == level).all()


def test_several_inputs_go_on_after_one_that_fails(impasto, tmp_path):
    light = save(tmp_path / "light.png", np.full((9, 9, 3), 220, np.uint8))
    dark = save(tmp_path / "dark.png", np.full((9, 9, 3), 20, np.uint8))
    other = save(tmp_path / "other.png", np.full((5, 9, 3), 240, np.uint8))
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n broken")
    out = tmp_path / "out"
    found = impasto("run", "testkit.picky", dark, light, broken, other, "-o", out)
    assert found.code == 1
    assert sorted(path.name for path in out.iterdir()) == ["light.png", "other.png"]
    errors = [line for line in found.err.splitlines() if line.startswith("Error:")]
    assert len(errors) == 2
    assert f"{dark}: The picture is too dark." in errors[0]
    assert "broken.png" in errors[1]
    assert len(found.out.splitlines()) == 2
    as_json = impasto("run", "testkit.picky", dark, light, "-o", out, "--json")
    lines = [json.loads(line) for line in as_json.out.splitlines()]
    assert lines[0] == {
        "input": str(dark),
        "output": None,
        "error": {"message": "The picture is too dark.", "hint": "Use a lighter one."},
    }
    assert lines[1]["output"] == str(out / "light.png")


def test_several_inputs_with_several_results_get_a_folder_each(impasto, photo, tmp_path):
    other = save(tmp_path / "other.png", np.full((9, 9, 3), 220, np.uint8))
    out = tmp_path / "out"
    assert impasto("run", "testkit.shades", photo[0], other, "-o", out).code == 0
    files = sorted(str(path.relative_to(out)) for path in out.rglob("*.png"))
    assert files == [
        f"{name}/00{number}.png" for name in ("other", "photo") for number in (1, 2, 3)
    ]


def test_a_plugin_that_raises_fails_the_run_and_leaves_the_old_output(impasto, photo, tmp_path):
    out = tmp_path / "out.png"
    out.write_bytes(b"precious")
    found = impasto("run", "testkit.fail", photo[0], "-o", out)
    assert found.code == 1
    assert found.error_lines == [
        "Error: Fail failed: ValueError: the plugin broke",
        "Hint: This is a fault in the plugin testkit; the details help its author.",
    ]
    assert out.read_bytes() == b"precious"
    assert "Traceback" in impasto("--debug", "run", "testkit.fail", photo[0], "-o", out).err


def png_header(width, height):
    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


def bad_inputs():
    good = cv2.imencode(".png", noise((64, 64, 3)))[1].tobytes()
    jpeg = cv2.imencode(".jpg", noise((64, 64, 3)))[1].tobytes()
    return {
        "empty.png": b"",
        "truncated.png": good[: len(good) // 2],
        "truncated.jpg": jpeg[: len(jpeg) // 2],
        "flipped.png": good[:200] + bytes(255 - byte for byte in good[200:300]) + good[300:],
        "huge.png": png_header(60000, 60000),
        "text.png": b"not a picture at all",
        "pickle.png": b"\x80\x04cos\nsystem\n(S'true'\ntR.",
    }


@pytest.mark.parametrize("name", [*bad_inputs(), "missing.png", "folder.png"])
def test_unreadable_inputs_fail_with_one_line_and_a_hint(impasto, tmp_path, name):
    path = tmp_path / name
    if name == "folder.png":
        path.mkdir()
    elif name in bad_inputs():
        path.write_bytes(bad_inputs()[name])
    out = tmp_path / "out.png"
    out.write_bytes(b"precious")
    found = impasto("run", "testkit.invert", path, "-o", out)
    assert found.code == 1
    assert found.out == ""
    assert len(found.error_lines) == 2
    assert found.error_lines[0].startswith("Error: ")
    assert name in found.error_lines[0]
    assert found.error_lines[1].startswith("Hint: ")
    assert out.read_bytes() == b"precious"


def test_an_unreadable_mask_fails(impasto, photo, tmp_path):
    out = tmp_path / "out.png"
    found = impasto("run", "testkit.invert", photo[0], "-o", out, "--mask", tmp_path / "no.png")
    assert found.code == 1
    assert "no.png" in found.error_lines[0]
    assert not out.exists()


def test_an_output_folder_that_is_a_file_is_bad_usage(impasto, photo, tmp_path):
    (tmp_path / "plain").touch()
    found = impasto("run", "testkit.invert", photo[0], "-o", f"{tmp_path / 'plain'}/")
    assert found.code == 2
    assert "is a file, not a folder" in found.error_lines[0]


def test_a_device_that_is_not_here_fails_with_those_that_are(impasto, photo, tmp_path):
    arguments = ["-o", tmp_path / "out.png", "--device", "cuda:77"]
    found = impasto("run", "testkit.invert", photo[0], *arguments)
    assert found.code == 1
    assert "cuda:77" in found.error_lines[0]
    assert "cpu" in found.error_lines[1]


def test_a_reader_that_went_away_is_no_error(impasto, monkeypatch):
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

        def fileno(self):
            return self.spare.fileno()

    with open("/dev/null", "w") as spare:  # noqa: PTH123 - a path object would say no more
        gone = Gone()
        gone.spare = spare
        monkeypatch.setattr(sys, "stdout", gone)
        from studio.cli import main

        assert main(["operations"]) == 0
