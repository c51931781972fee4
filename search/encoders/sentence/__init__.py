"""Sentence embedding models."""
