"""The calls about batches, their archives and results."""
