"""TIFF: its directories, samples and metadata, read and written."""
