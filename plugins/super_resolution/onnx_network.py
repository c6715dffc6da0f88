"""Networks in ONNX files, run by onnxruntime on the CPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]  # it ships no types
import torch
from torch import Tensor, nn

from studio.nn.checkpoints import CheckpointError

_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
_PROBE = 64  # side of the picture on which the scale is measured, where any size is taken


class OnnxNetwork(nn.Module):
    """A graph with one picture in and one picture out, N x C x h x w in [0, 1].

    Args:
        path: the .onnx file.

    Attributes:
        channels: of the input and the output.
        scale: measured enlargement.
        side: the input's side, where the graph takes no other; else None.

    Raises:
        CheckpointError: if the file is damaged, or the graph is not an upscaler.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 4  # errors come as exceptions
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's exceptions share no base of their own
            reason = str(error).splitlines()[0][:200]
            raise CheckpointError(
                f"{path.name} is not an ONNX file that can be run ({reason}).", "Fetch it again."
            ) from error
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        shape = inputs[0].shape
        fits = len(inputs) == len(outputs) == 1 and len(shape) == 4
        if not fits or shape[1] not in {1, 3} or inputs[0].type not in _TYPES:
            found = ", ".join(f"{each.name} {each.shape}" for each in [*inputs, *outputs])
            raise CheckpointError(
                f"{path.name} is an ONNX graph, but not of an upscaler: {found}.",
                "An upscaler has one input of N x 3 x H x W and one output.",
            )
        self._name, self._type = inputs[0].name, _TYPES[inputs[0].type]
        self.channels = int(shape[1])
        fixed = [side for side in shape[2:] if isinstance(side, int)]
        self.side = max(fixed) if fixed else None
        self.scale = self._measured(path.name)

    def _measured(self, name: str) -> int:
        side = self.side or _PROBE
        try:
            out = self.forward(torch.full((1, self.channels, side, side), 0.5))
        except Exception as error:  # onnxruntime's exceptions share no base of their own
            reason = str(error).splitlines()[0][:200]
            raise CheckpointError(
                f"{name} does not run on a picture of {side}x{side} ({reason})."
            ) from error
        scale = out.shape[-1] // side
        if tuple(out.shape) != (1, self.channels, side * scale, side * scale) or scale < 1:
            raise CheckpointError(
                f"{name} makes {tuple(out.shape)} of a picture of {side}x{side}: no upscaler does."
            )
        return scale

    def forward(self, image: Tensor) -> Tensor:
        """N x C x h x w to N x C x (h * scale) x (w * scale), on the input's device."""
        parts = [
            self._session.run(None, {self._name: each[None].cpu().numpy().astype(self._type)})[0]
            for each in image.float()
        ]
        joined = np.concatenate([np.asarray(part, np.float32) for part in parts])
        return torch.from_numpy(joined).to(image.device)
