"""The network that tells photographs of old film from others: what it sees, how it is fitted, and its file."""
