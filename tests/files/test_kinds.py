"""Every kind of file opens as the RGBA it means."""

from __future__ import annotations

import io
import struct
import warnings
import zlib

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from studio.files.images import SaveOptions, read_image, write_image

RNG = np.random.default_rng(11)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, depth: int, kind: int, rows: bytes, *extra: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
    body = b"".join(extra) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + body


PALETTE = chunk(b"PLTE", bytes(range(12)))
PNGS = {
    "gray 1": (png(4, 1, 1, 0, b"\0\x50"), [[0] * 3, [255] * 3] * 2, None, np.uint8),
    "gray 2": (png(2, 1, 2, 0, b"\0\x60"), [[85] * 3, [170] * 3], None, np.uint8),
    "gray 8": (png(2, 1, 8, 0, b"\0\x07\xfe"), [[7] * 3, [254] * 3], None, np.uint8),
    "gray 8 tRNS": (
        png(2, 1, 8, 0, b"\0\x07\xfe", chunk(b"tRNS", b"\0\x07")),
        [[7] * 3, [254] * 3],
        [0, 255],
        np.uint8,
    ),
    "gray 16": (
        png(2, 1, 16, 0, b"\0" + struct.pack(">2H", 1, 40000)),
        [[1] * 3, [40000] * 3],
        None,
        np.uint16,
    ),
    "gray + alpha 16": (
        png(1, 1, 16, 4, b"\0" + struct.pack(">2H", 300, 40000)),
        [[300] * 3],
        [40000],
        np.uint16,
    ),
    "RGB 16": (
        png(1, 1, 16, 2, b"\0" + struct.pack(">3H", 1, 258, 65534)),
        [[1, 258, 65534]],
        None,
        np.uint16,
    ),
    "RGB 16 tRNS": (
        png(2, 1, 16, 2, b"\0" + struct.pack(">6H", 1, 2, 3, 4, 5, 6),
            chunk(b"tRNS", struct.pack(">3H", 1, 2, 3))),
        [[1, 2, 3], [4, 5, 6]],
        [0, 65535],
        np.uint16,
    ),
    "RGBA 16": (
        png(1, 1, 16, 6, b"\0" + struct.pack(">4H", 9, 8, 7, 0)),
        [[9, 8, 7]],
        [0],
        np.uint16,
    ),
    "palette": (png(2, 1, 2, 3, b"\0\x60", PALETTE), [[3, 4, 5], [6, 7, 8]], None, np.uint8),
    "palette tRNS": (
        png(2, 1, 2, 3, b"\0\x60", PALETTE, chunk(b"tRNS", b"\xff\x80")),
        [[3, 4, 5], [6, 7, 8]],
        [128, 255],
        np.uint8,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", PNGS)
def test_png_kinds(kind, tmp_path):
    data, color, alpha, dtype = PNGS[kind]
    path = tmp_path / "a.png"
    path.write_bytes(data)
    opened = read_image(path)

    assert opened.pixels.dtype == dtype
    np.testing.assert_array_equal(opened.pixels[0, :, :3], color)
    expected = alpha or [np.iinfo(dtype).max] * len(color)
    np.testing.assert_array_equal(opened.pixels[0, :, 3], expected)
    assert opened.metadata.source_alpha == (alpha is not None)
    assert opened.metadata.gray == kind.startswith("gray")
    assert (opened.format, opened.metadata.notes) == ("PNG", ())


def test_content_decides_and_not_the_suffix(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(PNGS["RGB 16"][0])
    assert read_image(path).format == "PNG"


COLOR = RNG.integers(0, 65536, (24, 20, 4)).astype(np.uint16)
OPAQUE8 = (COLOR[..., :3] >> 8).astype(np.uint8)
TIFFS = {
    "RGB 8": (dict(data=OPAQUE8, photometric="rgb"), OPAQUE8),
    "RGB 16": (dict(data=COLOR[..., :3], photometric="rgb"), COLOR[..., :3]),
    "big endian": (dict(data=COLOR[..., :3], photometric="rgb", byteorder=">"), COLOR[..., :3]),
    "BigTIFF": (dict(data=OPAQUE8, photometric="rgb", bigtiff=True), OPAQUE8),
    "planar": (
        dict(data=np.moveaxis(OPAQUE8, 2, 0).copy(), photometric="rgb", planarconfig="separate"),
        OPAQUE8,
    ),
    "tiled LZW": (
        dict(data=COLOR[..., :3], photometric="rgb", tile=(16, 16), compression="lzw"),
        COLOR[..., :3],
    ),
    "gray 16": (dict(data=COLOR[..., 0], photometric="minisblack"), COLOR[..., [0, 0, 0]]),
    "white is 0": (dict(data=COLOR[..., 0], photometric="miniswhite"), 65535 - COLOR[..., [0] * 3]),
    "bilevel": (
        dict(data=COLOR[..., 0] > 30000, photometric="minisblack"),
        np.where(COLOR[..., [0, 0, 0]] > 30000, 255, 0).astype(np.uint8),
    ),
}


@pytest.mark.parametrize("kind", TIFFS)
def test_tiff_kinds(kind, tmp_path):
    options, expected = TIFFS[kind]
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, metadata=None, **options)
    opened = read_image(path)

    assert opened.pixels.dtype == expected.dtype
    np.testing.assert_array_equal(opened.pixels[..., :3], expected)
    assert (opened.pixels[..., 3] == np.iinfo(expected.dtype).max).all()
    assert opened.metadata.notes == ()
    assert not opened.metadata.source_alpha


def test_tiff_palette(tmp_path):
    colors = (RNG.integers(0, 256, (3, 256)) * 257).astype(np.uint16)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, OPAQUE8[..., 0], photometric="palette", colormap=colors, metadata=None)
    expected = (colors // 257).T[OPAQUE8[..., 0]]
    np.testing.assert_array_equal(read_image(path).pixels[..., :3], expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_float_is_clamped_with_a_note(dtype, tmp_path):
    values = np.linspace(-0.5, 1.5, 60).reshape(4, 5, 3).astype(dtype)
    values[0, 0] = (np.nan, np.inf, -np.inf)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, values, photometric="rgb", metadata=None)
    opened = read_image(path)

    assert "clamped" in opened.metadata.notes[0]
    assert opened.pixels[0, 0].tolist() == [0, 65535, 0, 65535]
    expected = np.rint(np.clip(values[1:].astype(float), 0, 1) * 65535)
    np.testing.assert_array_equal(opened.pixels[1:, :, :3], expected)


def test_tiff_alpha(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, COLOR, photometric="rgb", extrasamples=["unassalpha"], metadata=None)
    np.testing.assert_array_equal(read_image(path).pixels, COLOR)

    alpha = COLOR[..., 3:].astype(np.float64)
    premultiplied = COLOR.copy()
    premultiplied[..., :3] = np.rint(COLOR[..., :3] * alpha / 65535)
    tifffile.imwrite(
        path, premultiplied, photometric="rgb", extrasamples=["assocalpha"], metadata=None
    )
    opened = read_image(path)
    error = np.abs(opened.pixels.astype(float) - COLOR)[..., :3] * alpha / 65535
    assert error.max() <= 1
    assert opened.metadata.source_alpha

    tifffile.imwrite(path, COLOR, photometric="rgb", extrasamples=["unspecified"], metadata=None)
    opened = read_image(path)
    assert (opened.pixels[..., 3] == 65535).all()
    assert "Extra channels" in opened.metadata.notes[0]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lab_converts_with_a_note(dtype, tmp_path):
    # L*, a*, b* (D50) of sRGB red, mid gray and a blue, by Lindbloom's calculator.
    lab = np.array([[[54.29, 80.81, 69.89], [53.585, 0.0, 0.0], [29.57, 68.30, -112.03]]])
    unit = 1 if dtype == np.uint8 else 256
    lightness = np.rint(lab[..., :1] / 100 * np.iinfo(dtype).max)
    signed = np.rint(lab[..., 1:] * unit)
    stored = np.concatenate([lightness, signed], axis=2).astype(np.int64).astype(dtype)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, stored, photometric="cielab", metadata=None)
    opened = read_image(path)

    level = np.iinfo(dtype).max / 255
    expected = [[255, 0, 0], [128, 128, 128], [0, 0, 255]]
    np.testing.assert_allclose(opened.pixels[0, :, :3] / level, expected, atol=4)
    assert opened.pixels.dtype == dtype
    assert opened.metadata.notes == ("CIE Lab was converted to sRGB.",)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiff_cmyk_without_a_profile(dtype, tmp_path):
    white = np.iinfo(dtype).max
    inks = np.array([[[0, 0, 0, 0], [white, 0, 0, 0], [0, 0, 0, white]]], dtype)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, inks, photometric="separated", metadata=None)
    opened = read_image(path)

    expected = np.array([[1, 1, 1], [0, 1, 1], [0, 0, 0]]) * white
    np.testing.assert_array_equal(opened.pixels[0, :, :3], expected)
    assert "plain formula" in opened.metadata.notes[0]


def test_jpeg_cmyk_is_not_inverted(save_pillow):
    inks = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    opened = read_image(save_pillow(inks, "a.jpg", quality=100))

    np.testing.assert_allclose(opened.pixels[8, 8], [255, 0, 0, 255], atol=3)
    assert opened.metadata.notes
    assert not opened.metadata.gray


def cmyk_profile() -> bytes:
    """A small CMYK profile: a table in which ink takes light, and half the cyan is gray."""
    grid = np.array(np.meshgrid(*[[1.0, 0.0]] * 4, indexing="ij")).reshape(4, 16).T
    lightness = 100 * grid[:, 3] * (0.3 + 0.7 * grid[:, :3].mean(axis=1))
    lab = np.stack([lightness / 100 * 65280, *[np.full(16, 32768)] * 2], axis=1).round()
    straight = struct.pack(">HH", 0, 65535)
    lut = b"mft2\0\0\0\0" + bytes([4, 3, 2, 0])
    lut += struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    lut += struct.pack(">HH", 2, 2) + straight * 4
    lut += lab.astype(">u2").tobytes() + straight * 3
    name = b"desc\0\0\0\0" + struct.pack(">I", 7) + b"Inks 4\0" + bytes(78)
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    tags = {b"desc": name, b"wtpt": white, b"A2B0": lut, b"A2B1": lut}
    table, body, at = b"", b"", 132 + 12 * len(tags)
    for key, data in tags.items():
        table += struct.pack(">4sII", key, at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(
        ">I4sI4s4s4s12s4s", at + len(body), b"", 0x02400000, b"prtr", b"CMYK", b"Lab ", b"", b"acsp"
    )
    header = header.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_cmyk_goes_through_its_profile(suffix, save_pillow, tmp_path):
    profile = cmyk_profile()
    inks = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    opened = read_image(save_pillow(inks, f"a.{suffix}", icc_profile=profile))

    # A plain formula makes pure cyan (0, 255, 255); by this profile it is a neutral tone.
    red, green, blue, _ = opened.pixels[8, 8].astype(int)
    assert abs(red - green) <= 2
    assert abs(green - blue) <= 2
    assert 150 < green < 220
    assert opened.metadata.icc is None
    assert 'profile "Inks 4"' in opened.metadata.notes[0]


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
@pytest.mark.parametrize("gamma", [1.0, 1.8])
def test_gray_profiles_keep_values_and_meaning(suffix, gamma, tmp_path, save_pillow):
    profile = imagecodecs.cms_profile("gray", gamma=gamma)
    values = np.tile(np.arange(0, 256, 4, np.uint8), (16, 1))
    path = save_pillow(Image.fromarray(values), f"a{suffix}", icc_profile=profile, quality=100)
    opened = read_image(path)
    tolerance = 2 if suffix == ".jpg" else 0
    np.testing.assert_allclose(opened.pixels[..., 0].astype(int), values, atol=tolerance)
    assert opened.metadata.gray

    write_image(path, opened.pixels, opened.metadata, SaveOptions(100))
    with Image.open(path) as image:
        assert image.mode == "L"
        kept = image.info["icc_profile"]
    assert kept[16:20] == b"GRAY"
    ramp = np.linspace(0, 1, 50, dtype=np.float32).reshape(1, -1)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    before, after = (
        imagecodecs.cms_transform(ramp, icc, srgb, colorspace="gray", outcolorspace="rgb")
        for icc in (profile, kept)
    )
    np.testing.assert_allclose(after, before, atol=2e-3)
    again = read_image(path)
    assert again.metadata.icc == opened.metadata.icc


def test_gray_picture_with_an_rgb_profile(save_pillow, foreign_profile, tmp_path):
    values = RNG.integers(0, 256, (9, 9), np.uint8)
    path = save_pillow(Image.fromarray(values), "a.tif", icc_profile=foreign_profile)
    opened = read_image(path)

    assert opened.metadata.icc == foreign_profile
    write_image(path, opened.pixels, opened.metadata)
    np.testing.assert_array_equal(read_image(path).pixels[..., 0], values)


def test_a_damaged_profile_is_left_out_with_a_note(save_pillow):
    path = save_pillow(Image.new("RGB", (4, 4)), "a.jpg", icc_profile=b"x" * 300)
    opened = read_image(path)

    assert opened.metadata.icc is None
    assert "profile" in opened.metadata.notes[0]


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_animations_open_their_first_picture(suffix, save_pillow):
    frames = [Image.new("RGB", (6, 6), color) for color in ("red", "lime", "blue")]
    options = {"save_all": True, "append_images": frames[1:], "duration": 100, "lossless": True}
    opened = read_image(save_pillow(frames[0], f"a{suffix}", **options))

    assert opened.pixels[3, 3].tolist() == [255, 0, 0, 255]
    assert opened.metadata.notes == ("The animation's first picture was opened.",)


def test_gif_transparency_and_bmp(save_pillow):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    opened = read_image(save_pillow(image, "a.gif", transparency=0))
    assert opened.pixels[0, :, 3].tolist() == [0, 255]
    assert opened.pixels[0, 1, :3].tolist() == [40, 50, 60]
    assert opened.metadata.source_alpha

    opened = read_image(save_pillow(image, "a.bmp", dpi=(96, 96)))
    assert opened.pixels[0].tolist() == [[10, 20, 30, 255], [40, 50, 60, 255]]
    assert round(opened.metadata.dpi[0]) == 96
    assert not opened.metadata.source_alpha


def test_tiff_with_pages_and_a_thumbnail_first(tmp_path):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(OPAQUE8[::4, ::4], photometric="rgb", subfiletype=1, metadata=None)
        writer.write(OPAQUE8, photometric="rgb", metadata=None)
    opened = read_image(path)

    np.testing.assert_array_equal(opened.pixels[..., :3], OPAQUE8)
    assert "2 pages" in opened.metadata.notes[0]


@pytest.mark.parametrize("bits", [10, 12])
def test_deep_avif_opens_as_16_bits(bits, tmp_path):
    values = np.full((16, 16, 3), 2**bits - 1, np.uint16)
    values[:, 8:] = 2 ** (bits - 1)
    path = tmp_path / "a.avif"
    path.write_bytes(imagecodecs.avif_encode(values, level=100, bitspersample=bits))
    opened = read_image(path)

    assert opened.pixels.dtype == np.uint16
    assert opened.pixels[4, 2].tolist() == [65535] * 4
    np.testing.assert_allclose(opened.pixels[4, 12, :3], 32768, atol=100)


def test_100_megapixels_open_without_a_warning(tmp_path):
    rows = zlib.compressobj(1)
    row = b"\0" + b"\xff" * 1250
    data = b"".join(rows.compress(row * 1000) for _ in range(10)) + rows.flush()
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 10000, 10000, 1, 0, 0, 0, 0))
    path = tmp_path / "a.png"
    body = chunk(b"IDAT", data) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + body)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        opened = read_image(path)

    assert opened.pixels.shape == (10000, 10000, 4)
    assert (opened.pixels[::999, ::999] == 255).all()


def test_a_100_megapixel_jpeg_opens_without_a_warning(tmp_path):
    buffer = io.BytesIO()
    Image.new("L", (12000, 8400), 90).save(buffer, "JPEG", quality=50)
    path = tmp_path / "a.jpg"
    path.write_bytes(buffer.getvalue())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_image(path).pixels.shape == (8400, 12000, 4)


def test_shared_photographs_open_and_survive(shared, tmp_path):
    pictures = sorted((shared / "data" / "sr_bench" / "Set5").glob("*.webp"))
    assert pictures
    for picture in pictures:
        opened = read_image(picture)
        with Image.open(picture) as image:
            expected = np.asarray(image.convert("RGBA"))
        np.testing.assert_array_equal(opened.pixels, expected)
        write_image(tmp_path / "a.png", opened.pixels, opened.metadata)
        np.testing.assert_array_equal(read_image(tmp_path / "a.png").pixels, opened.pixels)
