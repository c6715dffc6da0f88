"""Krita opens our files and shows what we show; GIMP blends our layers as we do.

Measured with Krita 5.1.5 (random pixels over an opaque backdrop, levels of 255): every mode agrees
within 1, exclusion within 2, and color, hue, luminosity and saturation within 3.2. Those four weigh
red, green and blue by 0.299, 0.587 and 0.114 in Krita, by 0.3, 0.59 and 0.11 here as in the W3C's
text. Over a transparent backdrop Krita rounds once more: premultiplied 2.4 in the worst pixel, 0.35
in the mean. Masks, masked groups (svg:dst-in), pass-through groups and offsets agree within 2.

Debian's GIMP 2.10 comes without the plug-in that opens OpenRaster, which was written in Python 2. So
the test gives GIMP the layer pictures and the modes that the plug-in maps ours to: normal, multiply,
screen, darken, lighten, difference, addition and burn agree exactly, dodge and hard light within 1.
What differs is GIMP's own: its new "normal" mixes in linear light (70 levels at half alpha), its
overlay is a soft light (32), its soft light a third formula (26), and hue, saturation, color and
luminosity become HSV and HSL modes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.document import Group, Layer, Picture, Raster, composite
from studio.document.blend import BlendMode
from studio.files.documents import read_document, write_document
from studio.files.metadata import Metadata

CELL = 48
COLUMNS = 6
KRITA, GIMP, XVFB = (shutil.which(name) for name in ("krita", "gimp", "xvfb-run"))
needs_krita = pytest.mark.skipif(
    not KRITA or not XVFB, reason="Krita and xvfb-run are not installed"
)
needs_gimp = pytest.mark.skipif(not GIMP, reason="GIMP is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
_BY_LUMA = (BlendMode.COLOR, BlendMode.HUE, BlendMode.LUMINOSITY, BlendMode.SATURATION)
WEIGHED_OTHERWISE = dict.fromkeys(_BY_LUMA, 3.5)


def pixels(seed: int, *, opaque: bool, depth: type = np.uint8) -> np.ndarray:
    made = np.random.default_rng(seed).integers(0, 256, (CELL, CELL, 4), np.uint8)
    if opaque:
        made[..., 3] = 255
    return made if depth is np.uint8 else made.astype(np.uint16) * np.uint16(257)


def place(number: int) -> tuple[int, int]:
    return number % COLUMNS * CELL, number // COLUMNS * CELL


def of_all_modes(depth: type = np.uint8) -> Picture:
    """A cell for each mode: a group with an opaque layer and a half-transparent one over it."""
    nodes = []
    for number, mode in enumerate(BlendMode):
        x, y = place(number)
        base = Raster.from_array(pixels(2 * number, opaque=True, depth=depth), x, y)
        top = Raster.from_array(pixels(2 * number + 1, opaque=False, depth=depth), x, y)
        layers = (Layer("base", base), Layer("top", top, blend=mode))
        nodes.append(Group(mode.value, layers))
    return Picture(COLUMNS * CELL, 3 * CELL, tuple(nodes), nodes[0].id)


def run(command: list[str], home: Path) -> None:
    environment = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    for variable in ("QT_QPA_PLATFORM", "DISPLAY"):
        environment.pop(variable, None)
    home.mkdir(mode=0o700, exist_ok=True)
    done = subprocess.run(
        command, env=environment, capture_output=True, timeout=300, check=False, text=True
    )
    assert done.returncode == 0, done.stderr


def krita(source: Path, target: Path) -> None:
    export = ["--export", "--export-filename", str(target), str(source)]
    run([str(XVFB), "-a", str(KRITA), *export], source.parent / "home")
    assert target.is_file()


def shown_by_krita(picture: Picture, folder: Path) -> np.ndarray:
    write_document(folder / "a.ora", picture, Metadata())
    krita(folder / "a.ora", folder / "a.png")
    with Image.open(folder / "a.png") as image:
        return np.asarray(image.convert("RGBA"))


def difference(picture: Picture, theirs: np.ndarray) -> np.ndarray:
    """Largest difference of each pixel in 8-bit levels, premultiplied by alpha."""
    ours = composite(picture).astype(np.float64)
    if picture.dtype == np.uint16:
        ours /= 257

    def premultiplied(straight: np.ndarray) -> np.ndarray:
        color, alpha = straight[..., :3], straight[..., 3:]
        return np.concatenate([color * alpha / 255, alpha], axis=2)

    apart = np.abs(premultiplied(ours) - premultiplied(theirs.astype(np.float64)))
    return np.asarray(apart.max(axis=2))


@needs_krita
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_krita_shows_every_mode_as_we_do(tmp_path, depth):
    picture = of_all_modes(depth)
    apart = difference(picture, shown_by_krita(picture, tmp_path))
    for number, mode in enumerate(BlendMode):
        x, y = place(number)
        allowed = WEIGHED_OTHERWISE.get(mode, 2)
        assert apart[y : y + CELL, x : x + CELL].max() <= allowed, mode


@needs_krita
def test_krita_shows_masks_groups_and_offsets_as_we_do(tmp_path):
    rng = np.random.default_rng(9)
    soft = Raster.from_array(rng.integers(0, 256, (60, 60, 1), np.uint8), 10, 10)
    background = Layer("Background", Raster.from_array(np.full((100, 120, 4), 255, np.uint8)))
    masked = Layer("masked", Raster.from_array(pixels(1, opaque=True), -10, 30), mask=soft)
    inside = (
        Layer("a", Raster.from_array(pixels(2, opaque=True), 40, 5), opacity=0.6),
        Layer("b", Raster.from_array(pixels(3, opaque=False), 55, 20), blend=BlendMode.MULTIPLY),
    )
    group = Group("masked group", inside, mask=soft, opacity=0.8, blend=BlendMode.OVERLAY)
    loose = Layer("loose", Raster.from_array(pixels(4, opaque=False), 70, 50))
    through = Group("through", (loose.replaced(blend=BlendMode.SCREEN),), pass_through=True)
    hidden = Layer("hidden", Raster.from_array(pixels(5, opaque=True)), visible=False)
    picture = Picture(120, 100, (background, masked, group, through, hidden), masked.id)
    assert difference(picture, shown_by_krita(picture, tmp_path)).max() <= 2


@needs_krita
def test_what_krita_saves_again_is_read_with_its_tree(tmp_path):
    picture = of_all_modes()
    write_document(tmp_path / "a.ora", picture, Metadata())
    krita(tmp_path / "a.ora", tmp_path / "b.ora")
    back = read_document(tmp_path / "b.ora").picture
    assert [node.name for node, _ in back.walk()] == [node.name for node, _ in picture.walk()]
    tops = [node.children[-1].blend for node in back.nodes if isinstance(node, Group)]
    assert tops == list(BlendMode)
    assert np.abs(composite(back).astype(int) - composite(picture)).max() <= 1


# The names that GIMP 2.10's file-openraster maps ours to.
GIMP_MODES = {
    BlendMode.NORMAL: "NORMAL-LEGACY",
    BlendMode.MULTIPLY: "MULTIPLY-LEGACY",
    BlendMode.SCREEN: "SCREEN-LEGACY",
    BlendMode.DARKEN: "DARKEN-ONLY-LEGACY",
    BlendMode.LIGHTEN: "LIGHTEN-ONLY-LEGACY",
    BlendMode.COLOR_DODGE: "DODGE-LEGACY",
    BlendMode.COLOR_BURN: "BURN-LEGACY",
    BlendMode.HARD_LIGHT: "HARDLIGHT-LEGACY",
    BlendMode.DIFFERENCE: "DIFFERENCE-LEGACY",
    BlendMode.PLUS: "ADDITION-LEGACY",
}
SCRIPT = """
(let* ((i (car (gimp-image-new {size} {size} RGB)))
       (b (car (gimp-file-load-layer RUN-NONINTERACTIVE i "{base}")))
       (t (car (gimp-file-load-layer RUN-NONINTERACTIVE i "{top}"))))
  (gimp-image-insert-layer i b 0 0)
  (gimp-image-insert-layer i t 0 0)
  (gimp-layer-set-mode t LAYER-MODE-{mode})
  (let ((d (car (gimp-image-merge-visible-layers i CLIP-TO-IMAGE))))
    (file-png-save RUN-NONINTERACTIVE i d "{out}" "x" 0 1 0 0 0 0 0)))
"""


@needs_gimp
def test_gimp_blends_our_layers_as_we_do(tmp_path):
    base, top = pixels(0, opaque=True), pixels(1, opaque=False)
    bottom = Layer("base", Raster.from_array(base))
    upper = Layer("top", Raster.from_array(top))
    picture = Picture(CELL, CELL, (bottom, upper), upper.id)
    write_document(tmp_path / "a.ora", picture, Metadata())
    with zipfile.ZipFile(tmp_path / "a.ora") as archive:
        archive.extractall(tmp_path)
    files = {"base": tmp_path / "data/layer-001.png", "top": tmp_path / "data/layer-000.png"}
    script = "".join(
        SCRIPT.format(size=CELL, mode=name, out=tmp_path / f"{mode}.png", **files)
        for mode, name in GIMP_MODES.items()
    )
    script = " ".join(script.split()) + " (gimp-quit 0)"
    run([str(GIMP), "-i", "-d", "-f", "-b", script], tmp_path / "home")
    for mode in GIMP_MODES:
        with Image.open(tmp_path / f"{mode}.png") as image:
            theirs = np.asarray(image.convert("RGBA"))
        ours = picture.with_layer(upper.replaced(blend=mode))
        assert difference(ours, theirs).max() <= 2, mode
