"""Decodes media files into segments that can be embedded."""
