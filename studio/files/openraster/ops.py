"""Names of blend modes in OpenRaster's ``composite-op`` and in our own."""

from __future__ import annotations

from studio.document.blend import BlendMode

MASK_OP = "svg:dst-in"
_NORMAL = "svg:src-over"
# The standard's names are the W3C's with a prefix; these two are not.
_NAMES = {BlendMode.NORMAL: _NORMAL, BlendMode.EXCLUSION: "krita:exclusion"}
_MODES = {
    **{f"svg:{mode.value}": mode for mode in BlendMode},
    **{name: mode for mode, name in _NAMES.items()},
    # What older Kritas wrote, and what they call modes that only they have names for.
    "svg:add": BlendMode.PLUS,
    "color-dodge": BlendMode.COLOR_DODGE,
    "difference": BlendMode.DIFFERENCE,
    "krita:soft_light": BlendMode.SOFT_LIGHT,
    "krita:linear_dodge": BlendMode.PLUS,
}


def op_of(mode: BlendMode) -> str:
    """The composite-op of a blend mode."""
    return _NAMES.get(mode, f"svg:{mode.value}")


def mode_of(op: str) -> BlendMode | None:
    """The blend mode of a composite-op; None for one that we do not have."""
    return _MODES.get(op or _NORMAL)
