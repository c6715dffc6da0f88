"""Selecting on the canvas: tools, the moving outline, quick mask and the Select menu."""
