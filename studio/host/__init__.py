"""Services behind the window and the command line; no Qt."""
