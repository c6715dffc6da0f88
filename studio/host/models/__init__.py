"""The model store: cards, verified files, downloads and imports. Imports no torch."""

from studio.host.models.cache import default_cache_dir
from studio.host.models.http import Patience
from studio.host.models.imports import is_model_folder
from studio.host.models.store import ModelReport, ModelStatus, ModelStore

__all__ = [
    "ModelReport",
    "ModelStatus",
    "ModelStore",
    "Patience",
    "default_cache_dir",
    "is_model_folder",
]
