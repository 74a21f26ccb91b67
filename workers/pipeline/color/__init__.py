"""Colour maths at full resolution."""
