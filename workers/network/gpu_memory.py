"""What a session of ONNX Runtime takes of a GPU; light, for the settings."""

SESSION_MB = 512
"""Memory of a GPU that one session gets for a square of 384 px: a prediction there takes about 340 MB (NVIDIA H100)."""
