"""Decode media files, for queries and for the indexer: images with Pillow, audio and video with PyAV."""
