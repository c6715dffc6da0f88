"""The commands of the Select menu, and those of the Edit menu that follow the selection."""

from __future__ import annotations

from studio.qt.actions import Command
from studio.qt.i18n import N_

OPEN = frozenset({"document"})
SELECTED = OPEN | {"selecting.any"}
MASK = OPEN | {"selecting.mask"}

COMMANDS: tuple[Command, ...] = (
    Command("edit-clear", N_("C&lear"), "Edit", "trash", ("Del",),
            N_("Make what is selected of the layer transparent"), OPEN, section=2, scope="canvas"),
    Command("edit-fill-foreground", N_("Fill with the &foreground color"), "Edit", "fill",
            ("Alt+Backspace",), N_("Fill what is selected of the layer"), OPEN, section=2,
            scope="canvas"),
    Command("edit-fill-background", N_("Fill with the &background color"), "Edit", "",
            ("Ctrl+Backspace",), N_("Fill what is selected of the layer"), OPEN, section=2,
            scope="canvas"),
    Command("select-all", N_("&All"), "Select", "select-all", ("Ctrl+A",),
            N_("Select the whole canvas"), OPEN, scope="canvas"),
    Command("select-none", N_("&Deselect"), "Select", "select-none", ("Ctrl+D",),
            N_("Select nothing in particular, so that everything can be edited"), SELECTED),
    Command("select-again", N_("&Reselect"), "Select", "", ("Ctrl+Shift+D",),
            N_("Bring the last selection back"), OPEN | {"selecting.again"}),
    Command("select-invert", N_("&Invert"), "Select", "select-invert", ("Ctrl+Shift+I",),
            N_("Select what is not selected"), SELECTED),
    Command("select-grow", N_("&Grow…"), "Select", "", (),
            N_("Select what lies around the selection too"), SELECTED, section=1),
    Command("select-shrink", N_("&Shrink…"), "Select", "", (),
            N_("Leave out what lies along the edge"), SELECTED, section=1),
    Command("select-feather", N_("&Feather…"), "Select", "", (), N_("Soften the edge"), SELECTED,
            section=1),
    Command("select-border", N_("&Border…"), "Select", "", (),
            N_("Select a band along the edge"), SELECTED, section=1),
    Command("select-smooth", N_("S&mooth…"), "Select", "", (),
            N_("Round corners and drop specks and holes"), SELECTED, section=1),
    Command("select-color-range", N_("&Color range…"), "Select", "", (),
            N_("Select what is near to a color"), OPEN, section=2),
    Command("select-from-alpha", N_("From the layer’s &opacity"), "Select", "", (),
            N_("Select what is opaque in the active layer"), OPEN, section=2),
    Command("select-from-mask", N_("From the layer’s mas&k"), "Select", "", (),
            N_("Select what the mask shows"), MASK, section=2),
    Command("select-to-mask", N_("&To a layer mask"), "Select", "mask", (),
            N_("Give the active layer a mask that shows what is selected"), SELECTED, section=2),
    Command("quick-mask", N_("&Quick mask"), "Select", "quick-mask", ("Q",),
            N_("Veil what is not selected; brushes and eraser then paint on the selection"), OPEN,
            checkable=True, section=3),
    Command("quick-mask-look", N_("Quick mask o&ptions…"), "Select", "", (),
            N_("Color and opacity of the veil"), OPEN, section=3),
    Command("select-hide-edges", N_("&Hide the outline"), "Select", "", ("Ctrl+H",),
            N_("Keep the selection without showing its outline"), OPEN, checkable=True, section=3),
)  # fmt: skip
