"""Scans of album pages: found, checked, and cut into a batch."""
