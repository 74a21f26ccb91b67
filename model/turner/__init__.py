"""The network that tells which way a photograph is up: what it sees, how it is fitted, and its file."""
