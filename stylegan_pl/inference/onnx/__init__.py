"""Exported .onnx files as painters, without torch."""
