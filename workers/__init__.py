"""The worker: RQ around ONNX Runtime around the imaging pipeline."""

import os

# ONNX Runtime sends telemetry to its makers unless this is set before it is imported; no user agreed to that.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
