"""Jobs: their records, where the records are stored, the queue, events and counters."""
