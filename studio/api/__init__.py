"""Everything a plugin may import from the host, beside `studio.nn`.

Nothing here imports torch or Qt.
"""

from studio.api.context import Context
from studio.api.curves import Curve, Levels, curve_values
from studio.api.deprecation import ImpastoDeprecationWarning
from studio.api.errors import Cancelled, ImpastoError, PluginError, UserError
from studio.api.galleries import Gallery, WeightedPicture
from studio.api.hookspecs import hookimpl
from studio.api.margins import Margins
from studio.api.models import CheckpointLoader, ModelCard, ModelFile, Recognised, read_cards
from studio.api.operation import FollowUp, Operation, Preset
from studio.api.options import only_when, option
from studio.api.parameters import (
    Choice,
    Parameters,
    ParameterSpec,
    boolean,
    choice,
    color,
    curve,
    describe,
    integer,
    levels,
    model,
    number,
    picture,
    pictures,
    text,
    validate,
)
from studio.api.pixels import Pixels
from studio.api.sketches import Sketch
from studio.api.trainer import Folder, Trainer
from studio.api.version import API_VERSION, __version__

__all__ = [
    "API_VERSION",
    "Cancelled",
    "CheckpointLoader",
    "Choice",
    "Context",
    "Curve",
    "Folder",
    "FollowUp",
    "Gallery",
    "ImpastoDeprecationWarning",
    "ImpastoError",
    "Levels",
    "Margins",
    "ModelCard",
    "ModelFile",
    "Operation",
    "ParameterSpec",
    "Parameters",
    "Pixels",
    "PluginError",
    "Preset",
    "Recognised",
    "Sketch",
    "Trainer",
    "UserError",
    "WeightedPicture",
    "__version__",
    "boolean",
    "choice",
    "color",
    "curve",
    "curve_values",
    "describe",
    "hookimpl",
    "integer",
    "levels",
    "model",
    "number",
    "only_when",
    "option",
    "picture",
    "pictures",
    "read_cards",
    "text",
    "validate",
]
