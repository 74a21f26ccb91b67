"""IIIF: results and their originals in any viewer, as manifests (Presentation 3) and tiles (Image 3, level 0)."""
