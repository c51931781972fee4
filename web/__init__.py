"""How people reach the library: the page and REST. Imports `search`, never `indexer`."""
