"""Benchmarks: scripts that print tables, each figure beside one of the same run."""
