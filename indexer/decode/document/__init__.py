"""Decodes documents into passages of text."""
