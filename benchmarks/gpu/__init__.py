"""A GPU worker: settings, end to end, and the same answers as the CPU."""
