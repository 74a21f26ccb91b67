"""The samples of a file, by other code than the pipeline's."""

import io

import imagecodecs
import numpy as np
import tifffile
from PIL import Image


def pixels_of(data: bytes) -> np.ndarray:
    """Return the samples (h, w) or (h, w, 3) of a picture in the depth in which it is stored."""
    if data[:4] in (b"II*\x00", b"MM\x00*"):
        return tifffile.imread(io.BytesIO(data))
    if data[4:8] == b"jP  ":  # Pillow reads 16-bit colour wrongly
        return imagecodecs.jpeg2k_decode(data)
    if data[4:8] == b"JXL ":
        return imagecodecs.jpegxl_decode(data)
    return imagecodecs.png_decode(data) if data[1:4] == b"PNG" else np.asarray(Image.open(io.BytesIO(data)))
