"""Paints with exported .onnx files, without torch."""
