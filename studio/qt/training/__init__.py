"""Training models from the window: the dialog, the panel and what shows how it goes."""
