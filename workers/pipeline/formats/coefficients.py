"""jpeglib, which reads and writes the DCT coefficients of a JPEG, where it is installed.

It has no wheel for Linux on arm64. There a JPEG of colour, and one whose light is changed, is decoded and encoded anew.
"""

__all__ = ["can_rewrite", "jpeglib"]

try:
    import jpeglib
except ImportError:
    jpeglib = None


def can_rewrite() -> bool:
    """Tell whether coefficients can be read and written here."""
    return jpeglib is not None
