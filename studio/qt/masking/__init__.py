"""Masks of runs: how far a selection grows for one, and the brush that paints one."""
