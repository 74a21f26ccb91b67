"""The cards of networks: what a weights file says of itself, checked where it is read."""
