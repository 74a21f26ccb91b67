"""The worker: RQ around ONNX Runtime around the imaging pipeline."""
