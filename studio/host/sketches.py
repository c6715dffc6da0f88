"""Small pictures of the names that a model knows, made by the model itself and kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from studio.api.models import ModelCard
from studio.api.parameters import ParameterSpec
from studio.files.images import write_image
from studio.files.metadata import Metadata
from studio.host.plugins import PluginRegistry
from studio.host.requests import RunRequest
from studio.host.results import RunResult

SIDE = 160


@dataclass(frozen=True)
class SketchBook:
    """Where such pictures lie, and how each is made.

    Args:
        folder: where they are kept; made when first needed.
        registry: knows the operations that make them.
    """

    folder: Path
    registry: PluginRegistry

    def request(self, spec: ParameterSpec, card: ModelCard, name: str) -> RunRequest | None:
        """The run whose first picture shows a name; None if there is none for this parameter.

        Args:
            spec: an option with a sketch.
            card: of the chosen model.
            name: one of those it knows.
        """
        sketch = spec.sketch
        known = {operation.id: operation for operation in self.registry.operations()}
        if sketch is None or sketch.operation not in known:
            return None
        if known[sketch.operation].input != "none":
            return None
        values = {**sketch.values, spec.model: card.id, spec.name: name}
        return RunRequest(sketch.operation, values, live=True)

    def path(self, spec: ParameterSpec, card: ModelCard, name: str) -> Path:
        """The file of a name's picture, whether it is there or not.

        Another weight, another version of the plugin or other values make another file.
        """
        sketch = spec.sketch
        values = {} if sketch is None else dict(sketch.values)
        operation = "" if sketch is None else sketch.operation
        version = self.registry.plugin_of(operation).version if operation else ""
        weights = [file.sha256 for file in card.files]
        text = json.dumps([operation, version, values, weights, spec.name, name], sort_keys=True)
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.png"

    def keep(self, path: Path, result: RunResult) -> None:
        """Write the first picture of a run, reduced to what a thumbnail needs.

        Raises:
            UserError: if it cannot be written.
        """
        pixels = result.images[0].pixels
        height, width = pixels.shape[:2]
        share = SIDE / max(height, width)
        if share < 1:
            size = (max(round(width * share), 1), max(round(height * share), 1))
            pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
        self.folder.mkdir(parents=True, exist_ok=True)
        write_image(path, np.ascontiguousarray(pixels), Metadata())
