"""What a network learns without labels: every way of learning on one small network, measured by the same uses."""
