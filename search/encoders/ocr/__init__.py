"""Reading text in images."""
