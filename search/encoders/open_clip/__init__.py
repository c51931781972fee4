"""CLIP models, run by open_clip or by ONNX Runtime."""
