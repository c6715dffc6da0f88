"""What a recipe reports to inside a training process."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from studio.api.errors import Cancelled
from studio.host.training import records
from studio.host.training.records import RunState
from studio.nn.training import TrainingPaused

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from studio.host.models import ModelStore
    from studio.host.training.child import Session

_REPORT_SECONDS = 0.1
_KEEP_SECONDS = 2.0


class BenchContext:
    """A `studio.nn.training.TrainingContext`: reports to the program, and keeps all on disk.

    Attributes:
        folder: of the run.
        device: where to compute.
        seed: of everything random.
    """

    def __init__(self, session: Session, device: torch.device, store: ModelStore) -> None:
        self.folder, self.device, self.seed = session.folder, device, session.spec.seed
        self._session, self._store = session, store
        self._channel = session.channel
        self._reported = self._kept = 0.0

    @property
    def finishing(self) -> bool:
        """Whether the user asked to stop now and keep the best so far."""
        return self._channel.finishing.is_set()

    def files(self, model: str) -> tuple[Path, ...]:
        """The verified files of a model, fetched first if need be; or the file at this path.

        Raises:
            UserError: if there is neither.
            TrainingPaused: if the training is to stop for now, amid a download.
        """
        path = Path(model)
        if path.is_file():
            return (path,)
        try:
            return self._store.ensure(model, cancelled=self._channel.pausing.is_set)
        except Cancelled as error:
            raise TrainingPaused from error

    def progress(self, fraction: float, message: str) -> None:
        """Report ``fraction`` in [0, 1].

        Raises:
            TrainingPaused: if the training is to stop for now.
        """
        now = time.monotonic()
        fraction = min(max(fraction, 0.0), 1.0)
        if now - self._reported > _REPORT_SECONDS or fraction == 1:
            self._reported = now
            self._channel.send("progress", fraction=fraction, message=message)
        stop = self._channel.pausing.is_set()
        if stop or now - self._kept > _KEEP_SECONDS:
            self._kept = now
            self._session.keep(RunState.RUNNING, fraction=fraction, message=message)
        if stop:
            raise TrainingPaused

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Record scalars of a step."""
        plain = {name: float(value) for name, value in values.items()}
        with (self.folder / records.LOG).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"step": step, **plain}) + "\n")
        self._channel.send("log", step=step, values=plain)

    def sample(self, name: str, sheet: Tensor) -> None:
        """Show a sheet of samples, 3 x H x W in [0, 1]."""
        import numpy as np
        from PIL import Image

        pixels = (sheet.detach().float().clamp(0, 1) * 255).round().byte().permute(1, 2, 0)
        file = self.folder / f"{re.sub(r'[^a-zA-Z0-9_-]', '_', name)}.png"
        partial = file.with_suffix(".part")
        image = Image.fromarray(np.ascontiguousarray(pixels.cpu().numpy()))
        image.save(partial, "PNG", compress_level=1)
        partial.replace(file)
        self._channel.send("sample", name=file.name)
