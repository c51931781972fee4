"""Where items live: the catalog in SQL is the truth, the vectors in FAISS are derived from it."""
