"""What the network sees of a photograph: worker, training and evaluation show it the same; numpy alone."""
