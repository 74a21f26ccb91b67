"""The finder of damage, against classical ways, on drawn damage, clean photographs and real plates."""
