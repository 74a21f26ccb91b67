"""How large a photo may be; checked on its header, before a pixel is decoded."""

from dataclasses import dataclass

from PIL import Image

from photochrom.errors import PhotoTooLarge

# Pillow's own limit, 179 million, is below ours, and `check_size` runs before every decoder.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True)
class PhotoLimits:
    """Bounds on one photo."""

    max_pixels: int = 200_000_000
    # A picture is worked on by rows: one that is nothing but rows, or one row, costs hundreds of times its pixels.
    max_side: int = 1_000_000
    max_icc_bytes: int = 4 << 20
    max_metadata_bytes: int = 1 << 20

    def check_size(self, height: int, width: int) -> None:
        """Raise `PhotoTooLarge` where a photo of this size has more pixels than allowed, in all or a side."""
        self.check_area(height, width)
        if max(height, width) > self.max_side:
            raise PhotoTooLarge(
                f"The photo has {width} x {height} pixels; no side may have more than {self.max_side:,}. "
                "Cut it into shorter pieces."
            )

    def check_area(self, height: int, width: int) -> None:
        """Raise `PhotoTooLarge` where so many pixels are more than allowed."""
        if height * width > self.max_pixels:
            raise PhotoTooLarge(
                f"The photo has {width} x {height} pixels, {height * width / 1e6:.0f} million; "
                f"the limit is {self.max_pixels / 1e6:g} million."
            )
