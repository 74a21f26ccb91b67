"""Security checks: hostile files and archives, fuzzing, and audits of third-party packages that are shipped."""
