"""Opening media, for queries and for the indexer alike: images by Pillow, sound and video by PyAV."""
