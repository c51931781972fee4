"""One file a step; names start with their number."""
