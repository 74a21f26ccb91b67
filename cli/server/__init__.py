"""Commands for the operator: start, check, keys, backups and what is kept."""
