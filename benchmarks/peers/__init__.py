"""Compare Crossmodal with other programs and vector stores: `python -m benchmarks.peers`."""
