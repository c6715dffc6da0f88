"""Keeping what is open on the disk, and bringing it back after a crash."""
