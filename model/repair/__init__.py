"""The finder of damage: photographs with drawn defects, a small network, and its training."""
