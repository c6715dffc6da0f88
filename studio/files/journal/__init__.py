"""An append-only journal of what is open, for recovery after a crash.

`Journal` writes, `Finder` reads what a dead process left behind. What is stored is up to the caller:
`packing` turns pictures, arrays and registered dataclasses into JSON and blobs.
"""

from studio.files.journal.finder import Finder, Found
from studio.files.journal.journal import Journal
from studio.files.journal.packing import Codec, Packer, Unpacker

__all__ = ["Codec", "Finder", "Found", "Journal", "Packer", "Unpacker"]
