"""What a learned encoder is good for: each use is one file with `run(encoder, data, budget, seed) -> rows`."""
