"""What an item is, where it lives and how it is found. Imports neither `indexer` nor `web`."""

__version__ = "0.1.0"
