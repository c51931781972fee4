"""Documents become passages of text."""
