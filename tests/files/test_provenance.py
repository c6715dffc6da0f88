"""What files say of models: the label, the records, and what was there before."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from studio.document import Picture
from studio.files.codec import SaveOptions
from studio.files.documents import read_document, recipe_of, write_document
from studio.files.images import read_image, write_image
from studio.files.metadata import Metadata
from studio.files.provenance import (
    PROMPT,
    SOURCE_TYPE,
    SYSTEM,
    TERMS,
    VERSION,
    labelled,
    provenance_of,
    records_in,
)
from studio.files.xmp import changed, read

MADE = {
    "operation": "sampling.text",
    "provenance": "generated",
    "impasto": "1.2.3",
    "parameters": {"prompt": "Füchse <& \U0001f98a", "guidance": 4.0},
    "seed": 7,
    "models": {"emoji-words": "ab" * 32},
}
FILLED = {**MADE, "operation": "inpainting.fill", "provenance": "composite", "parameters": {}}
ENLARGED = {**FILLED, "operation": "super-resolution.upscale", "provenance": "enhanced"}
ADJUSTED = {"operation": "adjustments.levels", "parameters": {"prompt": "no prompt"}}
SUFFIXES = (".png", ".jpg", ".webp", ".tif", ".avif")
PIXELS = np.random.default_rng(0).integers(0, 256, (9, 11, 4), np.uint8)


def term(xmp):
    return (read(xmp, SOURCE_TYPE) or "").removeprefix(TERMS)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_carries_label_and_records(suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    assert not [n for n in write_image(path, PIXELS, Metadata(recipe=(MADE,))) if "record" in n]
    found = read_image(path).metadata
    assert found.recipe == recipe_of(path) == (MADE,)
    assert term(found.xmp) == "trainedAlgorithmicMedia"
    assert read(found.xmp, PROMPT) == "Füchse <& \U0001f98a"
    assert read(found.xmp, SYSTEM) == "Impasto with emoji-words"
    assert read(found.xmp, VERSION) == "1.2.3"
    again = tmp_path / f"b{suffix}"
    write_image(again, PIXELS, found)
    assert read_image(again).metadata.xmp == found.xmp


def test_other_programs_find_it(tmp_path):
    write_image(tmp_path / "a.png", PIXELS, Metadata(recipe=(MADE,)))
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["Description"] == MADE["parameters"]["prompt"]
        assert image.info["Software"] == "Impasto 1.2.3"
        assert json.loads(image.info["impasto:recipe"]) == [MADE]
        assert f"{TERMS}trainedAlgorithmicMedia" in image.info["XML:com.adobe.xmp"]


def test_openraster_keeps_it_for_the_export(tmp_path):
    picture = Picture.from_pixels(PIXELS)
    write_document(tmp_path / "a.ora", picture, Metadata(recipe=(MADE, FILLED)))
    found = read_document(tmp_path / "a.ora")
    write_document(tmp_path / "a.jpg", found.picture, found.metadata)
    assert recipe_of(tmp_path / "a.jpg") == (MADE, FILLED)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_a_photo_says_of_itself_stays(suffix, tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    photo = labelled(None, [{"provenance": "enhanced"}], details=False).replace(
        b"algorithmicallyEnhanced", b"digitalCapture"
    )
    photo = photo.replace(b"<rdf:RDF", b"<!-- mine -->\n<rdf:RDF")
    kept = Metadata(exif=exif.tobytes().removeprefix(b"Exif\0\0"), xmp=photo, dpi=(300, 300))
    write_image(tmp_path / f"a{suffix}", PIXELS, kept)
    before = read_image(tmp_path / f"a{suffix}").metadata
    write_image(tmp_path / f"b{suffix}", PIXELS, Metadata(**vars(before) | {"recipe": (FILLED,)}))
    after = read_image(tmp_path / f"b{suffix}").metadata
    assert (after.exif, after.icc, after.dpi) == (before.exif, before.icc, before.dpi)
    assert term(before.xmp) == "digitalCapture"
    assert term(after.xmp) == "compositeWithTrainedAlgorithmicMedia"
    assert b"<!-- mine -->" in after.xmp


def test_pictures_without_models_say_nothing(tmp_path):
    for suffix in SUFFIXES:
        path = tmp_path / f"a{suffix}"
        write_image(path, PIXELS, Metadata(recipe=(ADJUSTED,)))
        assert read_image(path).metadata.xmp is None
    assert recipe_of(tmp_path / "a.png") == (ADJUSTED,)


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".ora"])
def test_records_can_be_left_out_but_not_the_label(suffix, tmp_path):
    named = changed(None, {PROMPT: "an older prompt"})
    metadata = Metadata(recipe=(MADE, ADJUSTED), xmp=labelled(named, (MADE,)))
    path = tmp_path / f"a{suffix}"
    write_document(path, Picture.from_pixels(PIXELS), metadata, SaveOptions(records=False))
    found = read_document(path).metadata
    assert found.recipe == ()
    assert term(found.xmp) == "trainedAlgorithmicMedia"
    for word in ("Füchse", "emoji-words", "sampling.text", "older prompt"):
        assert word.encode() not in path.read_bytes() + (found.xmp or b"")


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".ora"])
def test_everything_can_be_left_out(suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    metadata = Metadata(recipe=(MADE,), xmp=labelled(None, (MADE,)))
    write_document(path, Picture.from_pixels(PIXELS), metadata, SaveOptions(metadata=False))
    found = read_document(path).metadata
    assert (found.recipe, found.xmp) == ((), None)


@pytest.mark.parametrize(
    ("records", "kind"),
    [
        ((), None),
        ((ADJUSTED,), None),
        ((ENLARGED, ADJUSTED), "enhanced"),
        ((ENLARGED, FILLED), "composite"),
        ((FILLED, ENLARGED), "composite"),
        ((MADE, FILLED, ENLARGED), "generated"),
    ],
)
def test_the_strongest_record_counts(records, kind):
    assert provenance_of(records) == kind


@pytest.mark.parametrize(
    ("before", "record", "after"),
    [
        ("digitalCapture", ENLARGED, "algorithmicallyEnhanced"),
        ("negativeFilm", ENLARGED, "negativeFilm"),
        ("negativeFilm", FILLED, "compositeWithTrainedAlgorithmicMedia"),
        ("trainedAlgorithmicMedia", FILLED, "trainedAlgorithmicMedia"),
        ("compositeWithTrainedAlgorithmicMedia", ENLARGED, "compositeWithTrainedAlgorithmicMedia"),
        ("algorithmicallyEnhanced", FILLED, "compositeWithTrainedAlgorithmicMedia"),
    ],
)
def test_a_label_is_never_weakened(before, record, after):
    packet = changed(None, {SOURCE_TYPE: TERMS + before})
    assert term(labelled(packet, [record])) == after


def test_damaged_xmp_is_kept_with_a_note(tmp_path):
    metadata = Metadata(xmp=b"<half a packet", recipe=(MADE,))
    (note,) = write_image(tmp_path / "a.png", PIXELS, metadata)
    assert "damaged" in note
    found = read_image(tmp_path / "a.png").metadata
    assert (found.xmp, found.recipe) == (b"<half a packet", (MADE,))


def test_what_is_too_much_for_a_jpeg_leaves_the_label(tmp_path):
    long = {**MADE, "parameters": {"prompt": "fox " * 20_000}}
    opaque = PIXELS | np.array([0, 0, 0, 255], np.uint8)
    (note,) = write_image(tmp_path / "a.jpg", opaque, Metadata(recipe=(long,)))
    assert "larger than JPEG allows" in note
    found = read_image(tmp_path / "a.jpg").metadata
    assert (found.recipe, term(found.xmp)) == ((), "trainedAlgorithmicMedia")


@given(st.text(st.characters(exclude_categories=())))
def test_prompts_come_back_exactly(prompt):
    record = {**MADE, "parameters": {"prompt": prompt}}
    packet = labelled(None, (record,))
    assert records_in(packet) == (record,)


def test_hostile_prompts_in_every_format(tmp_path):
    prompt = "\0\x01\ud800 ]]></rdf:RDF><?xpacket end?> \r\n &amp; \u202e \U0010ffff"
    record = {**MADE, "parameters": {"prompt": prompt}}
    for suffix in SUFFIXES:
        write_image(tmp_path / f"a{suffix}", PIXELS, Metadata(recipe=(record,)))
        assert recipe_of(tmp_path / f"a{suffix}") == (record,)


@pytest.mark.parametrize("text", ["{", "[1, 2]", '{"a": 1}', "[" * 100_000])
def test_records_that_make_no_sense_are_ignored(text):
    from studio.files.provenance import RECIPE

    assert records_in(changed(None, {RECIPE: text})) == ()
