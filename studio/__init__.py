"""Impasto: a desktop image editor whose tools are learned models."""

__version__ = "0.1.0"
