"""Size, crop, move, transform, guides and text, in the window."""
