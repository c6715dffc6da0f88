"""Plugins that run in a process of their own, so that a crash takes down nothing else."""
