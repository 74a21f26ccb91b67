"""The whole pipeline on one file, its floor, and its peers: each in a process of its own."""
