"""The selection as something to paint on, for quick mask and the selection brush."""

from __future__ import annotations

from dataclasses import dataclass

from typing_extensions import override

from studio.document.painting import Target
from studio.document.picture import Picture
from studio.document.regions.masks import filled_rectangle
from studio.document.tiles import Raster


@dataclass(frozen=True)
class SelectionTarget(Target):
    """The selection itself as the mask that a stroke changes; it is not masked by itself."""

    @classmethod
    def of_selection(cls, picture: Picture, *, adding: bool = False) -> SelectionTarget:
        """The picture's selection, painted on like a mask: white selects, black does not.

        Args:
            picture: as it is before.
            adding: whether the absence of a selection is nothing to add to, instead of everything
                to take from.
        """
        raster = picture.selection
        if raster is None:
            raster = Raster(channels=1) if adding else filled_rectangle(picture.bounds)
        return cls(picture, picture.active, raster, on_mask=True)

    @override
    def painted(self, raster: Raster) -> Picture:
        if raster is self.raster:
            return self.picture
        return self.picture.with_selection(raster)

    @property
    @override
    def selection(self) -> Raster | None:
        return None
