"""The window. The only package of the studio that imports PySide6."""
