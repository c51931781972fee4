"""Items, storage, models and search. Imports neither `indexer` nor `web`."""

__version__ = "0.1.0"
