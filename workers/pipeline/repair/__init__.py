"""Repair: what is damaged and thin enough to be known from its surroundings is found and filled; all else stays."""
