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
    max_icc_bytes: int = 4 << 20
    max_metadata_bytes: int = 1 << 20

    def check_size(self, height: int, width: int) -> None:
        """Raise `PhotoTooLarge` where a photo of this size has more pixels than allowed."""
        if height * width > self.max_pixels:
            raise PhotoTooLarge(
                f"The photo has {width} x {height} pixels, {height * width / 1e6:.0f} million; "
                f"the limit is {self.max_pixels / 1e6:g} million."
            )
