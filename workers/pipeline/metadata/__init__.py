"""The metadata of a photograph: EXIF, ICC profiles, orientation, Photoshop blocks, XMP."""
