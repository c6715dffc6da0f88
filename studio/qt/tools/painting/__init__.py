"""Tools that paint: brush, eraser, clone, heal, fill, gradient and eyedropper."""
