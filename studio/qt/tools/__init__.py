"""Tools that act on the canvas with the pointer, and what they share."""
