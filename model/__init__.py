"""The training package: photographs in, an exported ONNX colorizer out."""
