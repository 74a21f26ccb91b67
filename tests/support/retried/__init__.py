"""The findings of docs/reports/field-2026-11.md, each tried again on a service that runs: python -m support.retried."""
