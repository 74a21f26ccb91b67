"""Webhooks: their records, deliveries and where both are stored."""
