"""How well the photographs of an album page are found; see `__main__`."""
