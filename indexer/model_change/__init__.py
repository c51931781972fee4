"""Replacing a model: fill another space next to the current one, then switch."""
