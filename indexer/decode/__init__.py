"""Media files become segments that can be embedded."""
