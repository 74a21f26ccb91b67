"""One photograph through decode, predict, upsample and encode; no queue, no network I/O."""
