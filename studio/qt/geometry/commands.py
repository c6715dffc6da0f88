"""What the Image menu, the transforms of layers and the guides offer."""

from __future__ import annotations

from studio.qt.actions import Command
from studio.qt.i18n import N_

_OPEN = frozenset({"document"})
_GUIDES = frozenset({"document", "has-guides"})
_SELECTION = frozenset({"document", "has-selection"})
_LAYER = "Layer/Transform"
_SNAP = "View/Snap to"
SUBMENUS = (N_("Transform"), N_("Snap to"))
"""Titles of submenus, so that they are translated."""

COMMANDS: tuple[Command, ...] = (
    Command("image-size", N_("&Image size…"), "Image", "image-size", ("Ctrl+Alt+I",),
            N_("Give the picture another number of pixels"), _OPEN),
    Command("canvas-size", N_("&Canvas size…"), "Image", "canvas-size", ("Ctrl+Alt+C",),
            N_("Add or cut away canvas around the picture"), _OPEN),
    Command("canvas-border", N_("Drag the canvas &border"), "Image", "", (),
            N_("Enlarge or cut the canvas with the mouse"), _OPEN),
    Command("crop-to-selection", N_("Crop to the &selection"), "Image", "crop", (),
            N_("Cut the picture to a box around what is selected"), _SELECTION, section=1),
    Command("trim", N_("&Trim…"), "Image", "", (),
            N_("Cut away a transparent or plain border"), _OPEN, section=1),
    Command("rotate-right", N_("Rotate &right"), "Image", "rotate-right", (),
            N_("Turn the picture clockwise by 90°"), _OPEN, section=2),
    Command("rotate-left", N_("Rotate &left"), "Image", "rotate-left", (),
            N_("Turn the picture counter-clockwise by 90°"), _OPEN, section=2),
    Command("rotate-half", N_("Rotate by 1&80°"), "Image", "", (),
            N_("Turn the picture upside down"), _OPEN, section=2),
    Command("rotate-angle", N_("Rotate by an &angle…"), "Image", "", (),
            N_("Turn the picture by any angle"), _OPEN, section=2),
    Command("flip-horizontal", N_("Flip &horizontally"), "Image", "flip-horizontal", (),
            N_("Mirror the picture left to right"), _OPEN, section=3),
    Command("flip-vertical", N_("Flip &vertically"), "Image", "flip-vertical", (),
            N_("Mirror the picture top to bottom"), _OPEN, section=3),
    Command("free-transform", N_("&Free transform"), _LAYER, "transform", ("Ctrl+T",),
            N_("Scale, turn, skew or distort the layer or the selected pixels"), _OPEN),
    Command("layer-flip-horizontal", N_("Flip &horizontally"), _LAYER, "flip-horizontal", (),
            N_("Mirror the layer left to right"), _OPEN, section=1),
    Command("layer-flip-vertical", N_("Flip &vertically"), _LAYER, "flip-vertical", (),
            N_("Mirror the layer top to bottom"), _OPEN, section=1),
    Command("layer-rotate-right", N_("Rotate &right"), _LAYER, "rotate-right", (),
            N_("Turn the layer clockwise by 90°"), _OPEN, section=1),
    Command("layer-rotate-left", N_("Rotate &left"), _LAYER, "rotate-left", (),
            N_("Turn the layer counter-clockwise by 90°"), _OPEN, section=1),
    Command("layer-rotate-half", N_("Rotate by 1&80°"), _LAYER, "", (),
            N_("Turn the layer upside down"), _OPEN, section=1),
    Command("guides", N_("&Guides"), "View", "", ("Ctrl+;",),
            N_("Show the guides; drag new ones out of the rulers"), checkable=True, section=4),
    Command("lock-guides", N_("Loc&k guides"), "View", "", (),
            N_("Keep the guides where they are"), checkable=True, section=4),
    Command("new-guide", N_("Ne&w guide…"), "View", "guide", (),
            N_("Add a guide at an exact place"), _OPEN, section=4),
    Command("clear-guides", N_("&Clear guides"), "View", "", (),
            N_("Delete all guides"), _GUIDES, section=4),
    Command("snap", N_("&Snap"), "View", "", ("Ctrl+Shift+;",),
            N_("Let tools snap to guides, the canvas and layers"), checkable=True, section=5),
    Command("snap-guides", N_("&Guides"), _SNAP, "", (), N_("Snap to guides"),
            checkable=True, section=5),
    Command("snap-canvas", N_("&Canvas"), _SNAP, "",
            (), N_("Snap to the border and the middle of the canvas"), checkable=True, section=5),
    Command("snap-layers", N_("&Layers"), _SNAP, "", (), N_("Snap to the edges of layers"),
            checkable=True, section=5),
)  # fmt: skip
