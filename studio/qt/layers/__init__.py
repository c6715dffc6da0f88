"""The layer panel and the commands of the Layer menu."""
