"""Recipes: what was done to one picture, to be done to others. No Qt; torch only where it runs."""

from studio.host.recipes.model import EditStep, OperationStep, Recipe
from studio.host.recipes.text import from_toml, read_recipe, to_toml, write_recipe

__all__ = [
    "EditStep",
    "OperationStep",
    "Recipe",
    "from_toml",
    "read_recipe",
    "to_toml",
    "write_recipe",
]
