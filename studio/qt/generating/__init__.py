"""Pictures that are made from nothing: forming, live, a grid to choose from, and what follows."""
