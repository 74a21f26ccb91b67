"""The worker: RQ around ONNX Runtime around the imaging pipeline."""

import os

# ONNX Runtime reports to its makers unless it is told not to before it is imported; nobody here asked for that.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
