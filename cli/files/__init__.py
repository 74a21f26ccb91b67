"""Commands on files: colorize them here, and what they say of themselves."""
