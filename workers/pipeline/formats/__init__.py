"""Reading and writing one file, by format."""
