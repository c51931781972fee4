"""Files without the places where they were made: what has to be overwritten, while their size stays the same."""
