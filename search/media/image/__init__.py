"""Decoding, preparing and describing images."""
