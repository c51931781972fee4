"""Replaces a model: fill a new space while the current one is searched, then switch."""
