"""What turns media and queries into vectors and words. Imports neither the store nor the ranking."""
