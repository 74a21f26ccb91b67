"""Benchmarks: scripts that print tables, each figure with a reference from the same run."""
