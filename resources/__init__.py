"""Files that ship with Impasto: bundled models, icons, themes and samples."""
