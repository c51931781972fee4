"""How media becomes items. Imports `search`, never `web`."""
