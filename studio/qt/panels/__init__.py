"""Panels beside the canvas."""
