"""Bad files: each is one clear sentence that names the file, and a hint; never another exception."""

from __future__ import annotations

import io
import os
import socket
import struct
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from studio.api.errors import UserError
from studio.files.images import OpenedImage, SaveOptions, read_image, write_image
from studio.files.metadata import Metadata
from studio.files.profiles import srgb_profile

SUFFIXES = (".png", ".jpg", ".webp", ".tif", ".avif", ".bmp", ".gif")
HUGE = 60000


def refused(path: Path, **options: int) -> UserError:
    with pytest.raises(UserError) as caught:
        read_image(path, **options)
    error = caught.value
    assert path.name in error.message
    assert error.message.endswith((".", '"')) or str(path) in error.message
    assert error.hint
    return error


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.fixture(scope="module")
def samples(make_exif) -> dict[str, bytes]:
    """A good file of each format: noise with EXIF and a profile."""
    noise = np.random.default_rng(5).integers(0, 256, (48, 64, 3), np.uint8)
    image = Image.fromarray(noise)
    made = {}
    for suffix, name in zip(
        SUFFIXES, ("PNG", "JPEG", "WEBP", "TIFF", "AVIF", "BMP", "GIF"), strict=True
    ):
        buffer = io.BytesIO()
        options = {} if name in ("BMP", "GIF", "TIFF") else {"exif": make_exif(6)}
        image.save(buffer, name, **options, icc_profile=srgb_profile())
        made[suffix] = buffer.getvalue()
    return made


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.95])
def test_truncated(suffix, part, samples, tmp_path):
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(samples[suffix][: max(12, int(len(samples[suffix]) * part))])
    assert "damaged or incomplete" in refused(path).message or "incomplete" in refused(path).message


@pytest.mark.parametrize("suffix", [".png", ".webp", ".avif"])
def test_corrupt_in_the_middle(suffix, samples, tmp_path):
    data = bytearray(samples[suffix])
    start = {".png": data.find(b"IDAT"), ".webp": 20, ".avif": 8}[suffix]
    data[start : start + 40] = b"\xaa" * 40
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(data)
    refused(path)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # what Pillow mumbles about broken EXIF
@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    suffix=st.sampled_from(SUFFIXES),
    hits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=12),
    focus=st.floats(0, 1),
)
def test_any_damage_is_a_picture_or_a_user_error(suffix, hits, focus, samples, tmp_path):
    data = bytearray(samples[suffix])
    reach = len(data) if focus > 0.5 else min(len(data), 800)  # headers break most
    for position, value in hits:
        data[min(int(position * reach), len(data) - 1)] = value
    path = tmp_path / f"fuzz{suffix}"
    path.write_bytes(data)
    refusal: UserError | None = None
    try:
        opened = read_image(path, max_pixels=10_000_000)
    except UserError as error:
        refusal = error
    if refusal is not None:
        assert path.name in refusal.message
        assert refusal.hint
    else:
        assert isinstance(opened, OpenedImage)
        assert opened.pixels.ndim == 3
        write_image(tmp_path / "again.jpg", opened.pixels[:64, :64].copy(), opened.metadata)


def huge_png() -> bytes:
    header = struct.pack(">IIBBBBB", HUGE, HUGE, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def huge_jpeg() -> bytes:
    small = io.BytesIO()
    Image.new("RGB", (16, 16)).save(small, "JPEG")
    data = bytearray(small.getvalue())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", HUGE, HUGE)
    return bytes(data)


def huge_webp() -> bytes:
    side = (HUGE - 1).to_bytes(3, "little")
    return b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + side + side


def huge_tiff() -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.zeros((4, 4), np.uint8), metadata=None)
    data = buffer.getvalue()
    for tag in (256, 257):
        row = struct.pack("<HHII", tag, 4, 1, 4)
        assert row in data
        data = data.replace(row, struct.pack("<HHII", tag, 4, 1, HUGE))
    return data


def huge_bmp() -> bytes:
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 100, 0, 0, 54, 40, HUGE, HUGE, 1, 24, *[0] * 6)


def huge_gif() -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", HUGE, HUGE, 0, 0, 0) + bytes(20)


def huge_avif() -> bytes:
    small = io.BytesIO()
    Image.new("RGB", (16, 16)).save(small, "AVIF")
    data = small.getvalue()
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", HUGE, HUGE) + data[at + 8 :]


@pytest.mark.parametrize(
    "make", [huge_png, huge_jpeg, huge_webp, huge_tiff, huge_bmp, huge_gif, huge_avif]
)
def test_a_header_that_claims_too_much_is_refused_without_allocating(make, tmp_path):
    path = tmp_path / "huge.bin"
    path.write_bytes(make())
    tracemalloc.start()
    try:
        error = refused(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 20_000_000
    if make is not huge_avif:  # there the library itself refuses what is beyond its own limit
        assert "60000 x 60000" in error.message
        assert "300 megapixels" in error.message
        assert "Largest picture" in error.hint


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_limit_is_a_parameter(suffix, samples, tmp_path):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(samples[suffix])
    assert "64 x 48" in refused(path, max_pixels=64 * 48 - 1).message
    assert read_image(path, max_pixels=64 * 48).pixels.size == 64 * 48 * 4


@pytest.mark.parametrize("kind", [b"iCCP", b"iTXt"])
def test_a_bomb_in_a_png_chunk(kind, tmp_path):
    bomb = zlib.compress(bytes(80_000_000), 1)
    body = b"x\0\0" + bomb if kind == b"iCCP" else b"XML:com.adobe.xmp\0\1\0\0\0" + bomb
    good = io.BytesIO()
    Image.new("RGB", (4, 4)).save(good, "PNG")
    data = good.getvalue()
    path = tmp_path / "bomb.png"
    path.write_bytes(data[:33] + chunk(kind, body) + data[33:])
    tracemalloc.start()
    try:
        error = refused(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "unreasonable size" in error.message
    assert peak < 60_000_000


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty (0 bytes)"),
        (b"hello, this is a letter\n" * 10, "not a picture"),
        (b"8BPS\0\1" + bytes(40), "no pixels"),
        (b"%PDF-1.7\n" + bytes(40), "PDF"),
        (b"\0\0\0\x1cftypheic" + bytes(40), "HEIC"),
        (b"\0\0\0\x1cftypisom" + bytes(40), "video"),
        (b'  <svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"\x89PNG\r\n\x1a\n", "incomplete"),
        (b"\xff\xd8\xff", "damaged"),
        (b"RIFF\0\0\0\0WEBP", "damaged"),
        (b"II*\0", "damaged"),
        (b"GIF89a", "incomplete"),
        (b"BM", "damaged"),
    ],
)
def test_not_a_picture(content, says, tmp_path):
    path = tmp_path / "letter.png"
    path.write_bytes(content)
    assert says in refused(path).message


def test_missing_folder_and_device(tmp_path):
    assert "There is no file" in refused(tmp_path / "gone.png").message
    assert "There is no file" in refused(tmp_path / "no" / "gone.png").message
    assert "folder" in refused(tmp_path).message
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
        assert "not a file" in refused(tmp_path / "pipe.png").message
    if hasattr(socket, "AF_UNIX"):
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(str(tmp_path / "s.png"))
            assert "not a file" in refused(tmp_path / "s.png").message


DENIED = """
import os, sys
from pathlib import Path
from studio.api.errors import UserError
from studio.files.images import read_image
read_image(Path(sys.argv[1]))
os.chmod(sys.argv[1], 0o000)
if os.getuid() == 0:
    os.setgid(65534), os.setuid(65534)
try:
    read_image(Path(sys.argv[1]))
except UserError as error:
    print(error.message)
"""


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="permissions work differently here")
def test_permission_denied(tmp_path, samples):
    path = tmp_path / "secret.png"
    path.write_bytes(samples[".png"])
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", DENIED, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == 'You may not read "secret.png".\n'


def test_unsupported_kinds(tmp_path):
    path = tmp_path / "odd.tif"
    signed = np.zeros((4, 4, 3), np.int16)
    tifffile.imwrite(path, signed, photometric="rgb", metadata=None)
    assert "int16" in refused(path).message
    tifffile.imwrite(path, np.zeros((4, 4), np.complex64), metadata=None)
    refused(path)
    tifffile.imwrite(path, np.zeros((4, 4), np.uint16), photometric="cfa", metadata=None)
    assert "CFA" in refused(path).message
    with tifffile.TiffWriter(path) as writer:
        writer.write(np.zeros((4, 4), np.uint8), subfiletype=1, metadata=None)
    assert "raw file" in refused(path).message


def test_saving_what_does_not_fit(tmp_path):
    wide = np.zeros((1, 16384, 4), np.uint8)
    with pytest.raises(UserError, match="16383") as caught:
        write_image(tmp_path / "a.webp", wide, Metadata())
    assert "PNG or TIFF" in caught.value.hint
    for name in ("a.gif", "a", "a.psd"):
        with pytest.raises(UserError, match="cannot be written") as caught:
            write_image(tmp_path / name, wide, Metadata())
        assert ".png" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [{"quality": 0}, {"quality": 101}, {"compression": 10}])
def test_options_outside_their_range(options):
    with pytest.raises(ValueError, match="must be"):
        SaveOptions(**options)
