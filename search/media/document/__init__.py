"""Documents: their pages as images."""
