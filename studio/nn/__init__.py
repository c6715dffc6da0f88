"""Torch code that several plugins and their training recipes share.

Public: plugins import it from their engine, networks and train modules. It imports torch, numpy,
Pillow and safetensors and nothing else of Impasto, so that a training recipe also runs on a
machine where only those are installed.
"""
