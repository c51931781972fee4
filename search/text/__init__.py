"""Text analysis: words, stop words and languages."""
