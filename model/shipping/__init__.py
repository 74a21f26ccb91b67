"""Checks and documents that an exported file needs before it is shipped."""
