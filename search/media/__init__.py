"""Opening media, for queries and for the indexer alike: pictures by Pillow, sound and video by PyAV."""
