"""Scoring: how likely a segment is what a query asks for. Pure functions over arrays and records."""
