"""Batches: their records and where the records are stored."""
