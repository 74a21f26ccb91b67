"""What Photochrom is made of that others made: a bill of materials, and whether any of it is known to be weak."""
