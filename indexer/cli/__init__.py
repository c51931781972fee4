"""The commands that change what is in a library."""
