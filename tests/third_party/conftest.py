"""The projects here have tests of their own, run where they are installed: see e2e."""

collect_ignore_glob = ["*/tests/*"]
