"""The training package: photographs in, an exported ONNX colorizer out."""

import os

# ONNX Runtime reports to its makers unless it is told not to before it is imported; nobody here asked for that.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
