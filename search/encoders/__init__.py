"""Models that turn media and queries into vectors, and what they are compared with."""
