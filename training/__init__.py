"""Scripts that build the bundled models and fit their calibration. Not part of the package."""
