"""One file of each format: how it is read and written."""
