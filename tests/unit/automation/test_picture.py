from __future__ import annotations

import cv2
import numpy as np
import pytest

import studio
from studio.api.errors import UserError
from studio.files.documents import recipe_of
from studio.files.images import read_image


def test_a_picture_is_opened_run_undone_and_saved(tmp_path, pixels):
    cv2.imwrite(str(tmp_path / "photo.png"), cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGR))
    picture = studio.open(tmp_path / "photo.png")
    picture.run("adjustments.invert")
    assert np.array_equal(picture.pixels[..., :3], 255 - pixels[..., :3])
    assert picture.undo() is picture
    assert np.array_equal(picture.pixels, pixels)
    picture.redo()
    picture.run("testkit.enlarge", scale=3)
    assert (picture.width, picture.height) == (90, 60)
    assert picture.save(tmp_path / "large.png") == tmp_path / "large.png"
    assert read_image(tmp_path / "large.png").pixels.shape == (60, 90, 4)
    made = [record["operation"] for record in recipe_of(tmp_path / "large.png")]
    assert made == ["adjustments.invert", "testkit.enlarge"]


def test_errors_say_what_to_do_and_leave_the_picture(picture, pixels):
    for call, words in [
        (lambda: picture.run("adjustments.inverse"), "adjustments.invert"),
        (lambda: picture.run("testkit.enlarge", scale=99), "scale 1 to 8"),
        (lambda: picture.run("testkit.fail"), "plugin"),
        (lambda: picture.run("testkit.whiten"), "mask"),
        (picture.undo, "opened"),
        (picture.redo, "undone"),
        (lambda: picture.save("photo.xyz"), ".png"),
        (lambda: picture.save("photo.jpg", quality=0), "options"),
        (lambda: picture.save("photo.jpg", qality=5), "options"),
        (lambda: studio.open("nowhere.png"), "name"),
        (lambda: studio.open(b"no picture"), "Impasto opens"),
        (lambda: studio.create("adjustments.invert"), "studio.open"),
        (picture.recipe, "operation first"),
    ]:
        with pytest.raises(UserError) as caught:
            call()
        assert words in f"{caught.value.message} {caught.value.hint}"
    assert np.array_equal(picture.pixels, pixels)
    assert len(picture.history) == 0


def test_only_what_is_selected_changes(picture, pixels):
    picture.select((10, 5, 8, 4))
    assert picture.selection.sum() == 8 * 4 * 255
    picture.run("adjustments.invert")
    inside = np.zeros((20, 30), bool)
    inside[5:9, 10:18] = True
    assert np.array_equal(picture.pixels[~inside], pixels[~inside])
    assert np.array_equal(picture.pixels[inside][:, :3], 255 - pixels[inside][:, :3])
    picture.select(None)
    assert picture.selection is None


@pytest.mark.parametrize("kind", ["bool", "float", "uint8", "file"])
def test_a_mask_of_one_run_leaves_the_selection(picture, pixels, tmp_path, kind):
    inside = np.zeros((20, 30), bool)
    inside[:, 20:] = True
    gray = inside.astype(np.uint8) * 255
    cv2.imwrite(str(tmp_path / "mask.png"), gray)
    masks = {"bool": inside, "float": inside.astype(float), "uint8": gray}
    picture.run("testkit.whiten", mask=masks.get(kind, tmp_path / "mask.png"))
    assert (picture.pixels[inside] == 255).all()
    assert np.array_equal(picture.pixels[~inside], pixels[~inside])
    assert picture.selection is None


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (np.ones((3, 3), bool), "3 x 3"),
        ((1, 2, 3), "no box"),
        ((0, 0, 0, 5), "no box"),
        (np.full((20, 30), 1.5), "[0, 1]"),
        (np.full((20, 30, 3), (255, 0, 0), np.uint8), "not gray"),
    ],
)
def test_masks_that_fit_nothing_are_refused(picture, mask, words):
    with pytest.raises(UserError, match=".") as caught:
        picture.select(mask)
    assert words in caught.value.message


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 1), (4, 6, 2), (4, 6, 3), (4, 6, 4)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "bool"])
def test_arrays_of_any_kind_are_pictures(shape, dtype):
    picture = studio.open(np.ones(shape, dtype))
    assert picture.pixels.shape == (4, 6, 4)
    whole = {"uint8": 1, "uint16": 1, "float32": 65535, "bool": 255}[dtype]
    assert picture.pixels[0, 0, 0] == whole
    assert np.asarray(picture).shape == (4, 6, 4)


def test_a_picture_of_pillow_and_the_bytes_of_a_file_are_pictures(tmp_path, pixels):
    from PIL import Image

    image = Image.fromarray(pixels[..., :3])
    assert np.array_equal(studio.open(image).pixels, pixels)
    image.save(tmp_path / "photo.png")
    assert np.array_equal(studio.open((tmp_path / "photo.png").read_bytes()).pixels, pixels)
    assert studio.open(image.convert("P")).width == 30


def test_layers_are_undo_steps(picture, pixels):
    top = picture.layers.add(np.full((5, 5, 3), 1.0), "White", x=3, y=2)
    assert [layer.name for layer in picture.layers] == ["Background", "White"]
    assert (picture.pixels[2:7, 3:8] == 255).all()
    assert picture.layers.active.name == "White"
    top.opacity = 0.5
    top.blend = "multiply"
    assert np.array_equal(picture.pixels, pixels)  # white multiplies nothing away
    top.visible = False
    top.name = "Hidden"
    assert "hidden" in repr(picture.layers["Hidden"])
    picture.layers[0].activate()
    picture.run("adjustments.invert")
    assert np.array_equal(picture.layers[0].pixels[..., :3], 255 - pixels[..., :3])
    top.remove()
    with pytest.raises(UserError, match="does not have this layer"):
        top.opacity  # noqa: B018 - reading it is the test
    with pytest.raises(UserError, match="Background"):
        picture.layers["Hidden"]
    picture.go_to(0)
    assert [layer.name for layer in picture.layers] == ["Background"]
    assert picture.history.position == 0
    assert len(picture.history) == 7


def test_a_layer_takes_the_depth_of_its_picture():
    deep = studio.open(np.zeros((4, 4), np.uint16))
    deep.layers.add(np.full((4, 4), 255, np.uint8))
    assert (deep.pixels[..., 0] == 65535).all()
    flat = studio.open(np.zeros((4, 4), np.uint8))
    flat.layers.add(np.full((4, 4), 65535, np.uint16))
    assert (flat.pixels[..., 0] == 255).all()
