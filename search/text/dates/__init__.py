"""Dates as people write them: periods of days, and the words that name them in five languages."""
