"""How much GPU memory a session of ONNX Runtime takes; light to import, for the settings."""

SESSION_MB = 512
"""GPU memory for one session at a square of 384 px: a prediction there takes about 340 MB (NVIDIA H100)."""
