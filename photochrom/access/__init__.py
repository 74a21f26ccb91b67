"""API keys, where they are stored, and the quotas of their owners."""
