"""The command line: everything the host can do, without Qt.

`main` is the entry point. Commands are imported when they are used, and what they need inside
them, so that ``--help`` costs nothing.
"""

from studio.cli.root import COMMANDS, main

__all__ = ["COMMANDS", "main"]
