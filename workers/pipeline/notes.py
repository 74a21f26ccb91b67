"""Sentences for the record, on what a result is and what was done to it."""

from photochrom.photo.options import ColorizeOptions, OwnColor

COLORED = "The photo has colour of its own; its lightness was kept and its colour replaced."
KEPT = "The photo has colour of its own; plain colour was kept, and the rest was predicted."
INVERTED = "The scan was inverted, because negative=true says that it is a negative."
TOLD = "The scan looks like a colour negative with its orange mask: it was inverted, and its levels were stretched."
STRAIGHTENED = (
    "The print lay askew by {:g} degrees: the scan was turned once, and its light was interpolated."
)
MASKED = (
    "The photo looks like a colour negative with its orange mask; if it is one, send it with negative=true."
)
ODD_PROFILE = "The ICC profile is not a simple RGB or grey one; colours were made as if it were sRGB."
NO_LUMA = "The luma of this JPEG cannot be carried over as it is; it was decoded and encoded again."
NOT_AS_ORIGINAL = "The result of a HEIC is a JPEG; ask for format=heic if you want a HEIC."
NO_TURNER = "The network that finds which way is up is not installed here; the scan stays as it is."
NO_ROOM = "The photo's XMP data leave no room for a note about the model that made the colours."
RELIT = "The light was computed from what the film saw; the JPEG's luma was encoded again with its own quantisation."
LEFT = "{} damaged places are too wide or too large to be known from their surroundings; they were left as they are."
LIGHT_UNDONE = (
    "The light was that of the scene; the scan's was computed from it, and the JPEG was encoded again."
)
DAMAGED_EXIF = "The photo's EXIF data are damaged; they were left out."
INCOMPLETE = "The file ends early; the missing part of the picture is as the decoder left it."
LEFT_GAIN_MAP = "The file holds an HDR gain map, which belongs to the original's light; it was left out."
LEFT_VIDEO = "The file holds a video (a motion photo); it was left out."
UNREFINED = "The JPEG's last scans are missing, and detail with them; copy it again from where it came."


def of_color(options: ColorizeOptions) -> str:
    """Return what is said of a photograph that has colour of its own."""
    return KEPT if options.own_color is OwnColor.KEEP else COLORED
