"""Zip and tar archives, read entry by entry within bounds."""
