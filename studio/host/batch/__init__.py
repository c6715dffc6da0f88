"""Batches: a recipe done to many pictures; what a killed process had done stays done. No Qt."""
