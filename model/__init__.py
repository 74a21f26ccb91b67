"""The training package: photographs in, an exported ONNX colorizer out."""

import os

# ONNX Runtime sends telemetry to its makers unless this is set before it is imported; no user agreed to that.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
