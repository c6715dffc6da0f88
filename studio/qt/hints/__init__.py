"""Colors that the user says at points of the picture: the points, their tool and their list."""
