"""The commands of clipboard, layers from files and colour."""

from __future__ import annotations

from studio.qt.actions import Command
from studio.qt.i18n import N_

_OPEN = frozenset({"document"})
_SELECTION = frozenset({"document", "transfer.selection"})
_DEEP = frozenset({"document", "transfer.deep"})
_RECORDED = frozenset({"document", "transfer.recorded"})
_SHALLOW = frozenset({"document", "transfer.shallow"})

COMMANDS: tuple[Command, ...] = (
    Command("cut", N_("Cu&t"), "Edit", "cut", ("Ctrl+X",),
            N_("Move what is selected of the layer to the clipboard"), _OPEN, section=10),
    Command("copy", N_("&Copy"), "Edit", "copy", ("Ctrl+C",),
            N_("Copy what is selected of the layer"), _OPEN, section=10),
    Command("copy-merged", N_("Copy &merged"), "Edit", "copy", ("Ctrl+Shift+C",),
            N_("Copy what is selected of all that shows"), _OPEN, section=10),
    Command("paste", N_("&Paste"), "Edit", "paste", ("Ctrl+V",),
            N_("Add the picture on the clipboard as a layer, in the middle of the view"),
            section=10),
    Command("paste-in-place", N_("Paste in pl&ace"), "Edit", "paste", ("Ctrl+Alt+V",),
            N_("Add it as a layer where it was copied from"), _OPEN, section=10),
    Command("paste-into", N_("Paste &into the selection"), "Edit", "paste", (),
            N_("Add it as a layer in the selection's place, masked by the selection"), _SELECTION,
            section=10),
    Command("paste-new", N_("Paste as a ne&w picture"), "Edit", "paste", ("Ctrl+Shift+V",),
            N_("Open the picture on the clipboard in a tab of its own"), section=10),
    Command("open-layers", N_("Open as &layers…"), "File", "layers", ("Ctrl+Alt+O",),
            N_("Add pictures as layers; or hold Shift while you drop them"), _OPEN, section=2),
    Command("made-with", N_("Settings it was &made with"), "File", "operation", (),
            N_("Open the form with which a model made this picture, with the same seed"), _RECORDED,
            section=2),
    Command("convert-profile", N_("&Convert to…"), "Image/Color profile", "", (),
            N_("Change the numbers and keep the look"), _OPEN, section=20),
    Command("assign-profile", N_("&Assign…"), "Image/Color profile", "", (),
            N_("Keep the numbers and change the look"), _OPEN, section=20),
    Command("depth-16", N_("&16 bits per channel"), "Image/Depth", "", (),
            N_("Room for fine gradations; every value stays exact"), _SHALLOW, section=20),
    Command("depth-8", N_("&8 bits per channel…"), "Image/Depth", "", (),
            N_("Half the memory, with or without dithering"), _DEEP, section=20),
    Command("monitor-profile", N_("Colors of the &monitor…"), "View", "", (),
            N_("Choose the profile that pictures are shown through"), section=7),
)  # fmt: skip
