"""`crossmodal models`."""
