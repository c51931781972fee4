"""CLIP models, run by open_clip or exported to ONNX."""
