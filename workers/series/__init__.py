"""One set of colours over a batch: what a photograph shows, which belong together, and how each is changed."""
