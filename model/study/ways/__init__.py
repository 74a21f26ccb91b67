"""Ways to learn to see: each is one file with `inputs_targets`, `head` and `loss` (`task.Task`)."""
