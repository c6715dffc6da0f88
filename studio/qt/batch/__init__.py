"""Recipes and batches in the window."""
