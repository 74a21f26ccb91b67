"""What a worker does with one job: restore, split, suggest colours, make tiles."""
