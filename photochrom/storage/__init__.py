"""Originals and results: on a disk or in an S3-compatible object store."""
