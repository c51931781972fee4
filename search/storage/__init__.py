"""Where items live: the catalogue in SQL is the truth, the vectors in FAISS are derived from it."""
