"""Retrievers, which find the segments that match a query, and the ranking of what they find."""
