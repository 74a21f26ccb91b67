"""What keeps accepted jobs from being lost and the storage from filling."""
