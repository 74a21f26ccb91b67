"""HTTP itself: nothing here knows about jobs, batches or webhooks."""
