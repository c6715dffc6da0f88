"""Reading and writing pictures: pixels, profiles, metadata, atomic saves.

`images` is the entry point. Everything here is numpy: no torch, no Qt.
"""
