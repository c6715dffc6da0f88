"""The commands of the Layer menu."""

from __future__ import annotations

from studio.qt.actions import Command
from studio.qt.i18n import N_

OPEN = frozenset({"document"})
GROUP = OPEN | {"layers.group"}
MASK = OPEN | {"layers.mask"}
SELECTION = OPEN | {"layers.selection"}

COMMANDS: tuple[Command, ...] = (
    Command("layer-new", N_("&New layer"), "Layer", "layer-new", ("Ctrl+Shift+N",),
            N_("Add an empty layer above the active one"), OPEN),
    Command("layer-new-group", N_("New &group"), "Layer", "group-new", (),
            N_("Add an empty group above the active layer"), OPEN),
    Command("layer-duplicate", N_("&Duplicate"), "Layer", "copy", ("Ctrl+J",),
            N_("Copy the chosen layers"), OPEN),
    Command("layer-delete", N_("D&elete layer"), "Layer", "trash", (),
            N_("Delete the chosen layers"), OPEN),
    Command("layer-rename", N_("&Rename…"), "Layer", "", ("F2",),
            N_("Give the active layer another name"), OPEN),
    Command("layer-group", N_("Gr&oup the chosen layers"), "Layer", "folder", ("Ctrl+G",),
            N_("Put the chosen layers into a new group"), OPEN, section=1),
    Command("layer-ungroup", N_("&Ungroup"), "Layer", "", ("Ctrl+Shift+G",),
            N_("Put what is in the group in its place"), GROUP, section=1),
    Command("layer-merge-down", N_("&Merge down"), "Layer", "merge-down", ("Ctrl+E",),
            N_("Join the layer with the one below it, or several chosen ones"), OPEN, section=2),
    Command("layer-merge-group", N_("Merge the grou&p"), "Layer", "", (),
            N_("Make one layer of the group"), GROUP, section=2),
    Command("layer-merge-visible", N_("Merge &visible"), "Layer", "", (),
            N_("Make one layer of all that shows; hidden layers stay"), OPEN, section=2),
    Command("layer-flatten", N_("&Flatten the picture"), "Layer", "layers", (),
            N_("Make one layer of the picture; hidden layers are gone"), OPEN, section=2),
    Command("layer-up", N_("Move u&p"), "Layer/Arrange", "up", ("Ctrl+]", "Alt+Up"),
            N_("Move the layer one place up, into and out of groups"), OPEN, section=3),
    Command("layer-down", N_("Move d&own"), "Layer/Arrange", "down", ("Ctrl+[", "Alt+Down"),
            N_("Move the layer one place down, into and out of groups"), OPEN, section=3),
    Command("layer-top", N_("To the &top"), "Layer/Arrange", "", ("Ctrl+Shift+]",),
            N_("Move the layer to the top of its group or of all layers"), OPEN, section=3),
    Command("layer-bottom", N_("To the &bottom"), "Layer/Arrange", "", ("Ctrl+Shift+[",),
            N_("Move the layer to the bottom of its group or of all layers"), OPEN, section=3),
    Command("layer-previous", N_("Go to the layer &above"), "Layer/Arrange", "", ("PgUp",),
            N_("Make the layer above the active one"), OPEN, section=3),
    Command("layer-next", N_("Go to the layer b&elow"), "Layer/Arrange", "", ("PgDown",),
            N_("Make the layer below the active one"), OPEN, section=3),
    Command("mask-reveal", N_("Add a mask: &reveal all"), "Layer/Mask", "mask", (),
            N_("Add a mask that shows everything"), OPEN, section=4),
    Command("mask-hide", N_("Add a mask: &hide all"), "Layer/Mask", "", (),
            N_("Add a mask that hides everything"), OPEN, section=4),
    Command("mask-selection", N_("Add a mask: the &selection"), "Layer/Mask", "", (),
            N_("Add a mask that shows what is selected"), SELECTION, section=4),
    Command("mask-transparency", N_("Add a mask: its &transparency"), "Layer/Mask", "", (),
            N_("Move the layer's transparency into a mask"), OPEN, section=4),
    Command("mask-edit", N_("&Paint on the mask, or on the pixels again"), "Layer/Mask", "", (),
            N_("Choose where painting goes"), MASK, section=4),
    Command("mask-apply", N_("&Apply the mask"), "Layer/Mask", "check", (),
            N_("Make what the mask hides transparent, and take the mask away"), MASK, section=4),
    Command("mask-delete", N_("&Delete the mask"), "Layer/Mask", "trash", (),
            N_("Take the mask away; what it hid shows again"), MASK, section=4),
    Command("mask-select", N_("Se&lect what the mask shows"), "Layer/Mask", "", (),
            N_("Make the mask the selection"), MASK, section=4),
    Command("layer-select-opaque", N_("&Select its pixels"), "Layer", "", (),
            N_("Select what is opaque in the layer"), OPEN, section=4),
    Command("layer-visible", N_("S&how or hide"), "Layer", "eye", (),
            N_("Hide the chosen layers, or show them again"), OPEN, section=5),
    Command("layer-solo", N_("Show onl&y this, or all again"), "Layer", "", (),
            N_("Hide all other layers; once more shows them again"), OPEN, section=5),
    Command("layer-lock", N_("&Lock or unlock"), "Layer", "lock", (),
            N_("Keep the chosen layers from edits, or allow them again"), OPEN, section=5),
)  # fmt: skip

CONTEXT_MENU: tuple[tuple[str, ...], ...] = (
    ("layer-new", "layer-new-group", "layer-duplicate", "layer-rename", "layer-delete"),
    ("layer-group", "layer-ungroup"),
    ("mask-reveal", "mask-hide", "mask-selection", "mask-edit", "mask-apply", "mask-delete"),
    ("layer-select-opaque", "mask-select"),
    ("layer-merge-down", "layer-merge-group", "layer-merge-visible", "layer-flatten"),
    ("layer-solo", "layer-lock"),
)
"""Ids of what a row's context menu offers, those of a kind together."""
