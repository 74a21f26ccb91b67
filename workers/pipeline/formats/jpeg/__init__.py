"""JPEG: segments, coefficients, luma carried over bit for bit, and the way through pixels."""
