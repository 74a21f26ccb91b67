"""The calls about jobs and their files."""
