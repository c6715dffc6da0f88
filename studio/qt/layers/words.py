"""Names of blend modes, and what is said of a layer."""

from __future__ import annotations

from studio.document import BlendMode, Group, Node, Picture
from studio.qt.i18n import N_, tr

BLEND_GROUPS: tuple[tuple[tuple[BlendMode, str], ...], ...] = (
    ((BlendMode.NORMAL, N_("Normal")),),
    (
        (BlendMode.DARKEN, N_("Darken")),
        (BlendMode.MULTIPLY, N_("Multiply")),
        (BlendMode.COLOR_BURN, N_("Color burn")),
    ),
    (
        (BlendMode.LIGHTEN, N_("Lighten")),
        (BlendMode.SCREEN, N_("Screen")),
        (BlendMode.COLOR_DODGE, N_("Color dodge")),
        (BlendMode.PLUS, N_("Add")),
    ),
    (
        (BlendMode.OVERLAY, N_("Overlay")),
        (BlendMode.SOFT_LIGHT, N_("Soft light")),
        (BlendMode.HARD_LIGHT, N_("Hard light")),
    ),
    (
        (BlendMode.DIFFERENCE, N_("Difference")),
        (BlendMode.EXCLUSION, N_("Exclusion")),
    ),
    (
        (BlendMode.HUE, N_("Hue")),
        (BlendMode.SATURATION, N_("Saturation")),
        (BlendMode.COLOR, N_("Color")),
        (BlendMode.LUMINOSITY, N_("Luminosity")),
    ),
)
"""All blend modes, those of a kind together."""

BLEND_NAMES = {mode: name for kind in BLEND_GROUPS for mode, name in kind}


def details(node: Node) -> str:
    """What the second line of a layer's row says: only what is not as usual."""
    parts = []
    if isinstance(node, Group) and node.pass_through:
        parts.append(tr("Pass through"))
    elif node.blend is not BlendMode.NORMAL:
        parts.append(tr(BLEND_NAMES[node.blend]))
    if node.opacity < 1:
        parts.append(f"{node.opacity:.0%}")
    return " · ".join(parts)


def spoken(picture: Picture, node: Node) -> str:
    """A layer's row in words, for a screen reader."""
    kind = tr("group") if isinstance(node, Group) else tr("layer")
    if not isinstance(node, Group) and node.text is not None:
        kind = tr("text layer")
    parts = [node.name, kind]
    if not picture.is_visible(node.id):
        parts.append(tr("hidden"))
    if picture.is_locked(node.id):
        parts.append(tr("locked"))
    if node.mask is not None:
        on_mask = picture.mask_active and picture.active == node.id
        parts.append(tr("painting goes to its mask") if on_mask else tr("has a mask"))
    if text := details(node):
        parts.append(text)
    return ", ".join(parts)
