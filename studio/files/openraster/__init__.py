"""OpenRaster (.ora), the project format: https://www.openraster.org, version 0.0.5.

A zip of PNG pictures and a ``stack.xml`` that says how they lie on each other. What the format has
no place for lies beside it under ``impasto/``, which other programs leave alone or drop:

- Layer masks. A layer's public picture has its mask applied; the unmasked alpha and the mask are
  private. They are used again only while the public picture is the one that was written, so an
  edit in another program wins.
- Group masks are public: the topmost picture of the group's stack with ``svg:dst-in``, which keeps
  of the group what the picture covers. Read back, from any program's file, it becomes the mask.
- Pass-through groups are stacks with ``isolation="auto"``. With an opacity or a mask the standard
  joins such a stack before it meets what lies below, so these are written isolated, with a note,
  and are pass-through again when Impasto reads them.
- Text, guides, the selection, the active layer, EXIF, XMP and the records of model results.

Every public picture has its profile embedded, sRGB too: Krita 5 asks for the profile of 16-bit
pictures without one, and headless waits for the answer forever.

Exclusion, which the standard lacks, is written by Krita's name for it.
"""

from studio.files.openraster.reading import read_openraster
from studio.files.openraster.writing import write_openraster

__all__ = ["read_openraster", "write_openraster"]
