"""Turn media files into items. Imports `search`, never `web`."""
