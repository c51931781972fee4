"""Retrievers: ways of finding segments."""
