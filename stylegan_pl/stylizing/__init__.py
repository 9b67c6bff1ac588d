"""One call of `stylize`: pictures, films, a sheet of all styles, .onnx files, pipes."""
