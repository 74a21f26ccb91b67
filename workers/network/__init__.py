"""The network: runtime providers, sessions, prediction, hints."""
