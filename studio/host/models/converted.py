"""Files of models in the form that is opened, made once of the form that they were published in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from studio.api.models import ModelFile
from studio.host.models.cache import FileCache, FileState, disk_errors, never, write_atomically
from studio.host.models.imports import describe_files


class Conversions:
    """The arrays of HDF5 files as safetensors, which are read many times as fast and in one piece.

    Each is made of a file that was verified, and its own hash is kept beside it, so that what is
    opened is what was made. Safe to use from several threads and processes.

    Args:
        cache: where the files lie.
    """

    def __init__(self, cache: FileCache) -> None:
        self._cache = cache

    def get(self, file: ModelFile, cancelled: Callable[[], bool] = never) -> Path:
        """The converted form of a verified file of the cache; made if it is not there or not right.

        An HDF5 file of a kind that is not read comes back as it is: who opens it says what is wrong.

        Raises:
            UserError: if the disk refuses.
            Cancelled: if ``cancelled`` turns true while another process makes it.
        """
        from studio.nn.checkpoints import CheckpointError

        if self._is_right(file):
            return self._path(file)
        with self._cache.locked(f"convert {file.sha256}", cancelled):
            if not self._is_right(file):
                try:
                    self._make(file)
                except CheckpointError:
                    return self._cache.path(file)
        return self._path(file)

    def discard(self, file: ModelFile) -> None:
        """Delete what was made of a file."""
        for path in (self._record(file), self._path(file)):
            with disk_errors(path):
                path.unlink(missing_ok=True)

    def _path(self, file: ModelFile) -> Path:
        return self._cache.root / "converted" / f"{file.sha256}.safetensors"

    def _record(self, file: ModelFile) -> Path:
        return self._path(file).with_suffix(".json")

    def _is_right(self, file: ModelFile) -> bool:
        try:
            made = ModelFile.model_validate_json(self._record(file).read_bytes())
        except (OSError, ValidationError):
            return False
        return self._cache.check(self._path(file), made) is FileState.OK

    def _make(self, file: ModelFile) -> None:
        import numpy as np
        from safetensors.numpy import save_file

        from studio.nn.hdf5 import read_hdf5

        arrays = {
            name: np.ascontiguousarray(array, array.dtype.newbyteorder("="))
            for name, array in read_hdf5(self._cache.path(file)).items()
        }
        target = self._path(file)
        with self._cache.scratch() as temporary, disk_errors(target):
            save_file(arrays, temporary)
            (made,) = describe_files((temporary,))
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(target)
        write_atomically(self._record(file), made.model_dump_json().encode())
