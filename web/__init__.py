"""The web page and the REST API. Imports `search`, never `indexer`."""
