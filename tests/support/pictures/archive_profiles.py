"""The profiles in which archives scan, each with the luminance that it gives to values 0..1."""

import imagecodecs
import numpy as np

# eciRGBv2 (ECI 2007): its tone curve is L*, so that equal steps look equal.
ECI_PRIMARIES = (0.67, 0.33, 1, 0.21, 0.71, 1, 0.14, 0.08, 1)
D50 = (0.34567, 0.35850, 1)


def luminance_of_lightness(lightness: np.ndarray) -> np.ndarray:
    f = (lightness + 16) / 116
    return np.where(lightness > 8, f**3, lightness * 27 / 24389)


L_STAR = luminance_of_lightness(np.linspace(0, 100, 4096)).astype(np.float32)
PROFILES = {
    "eciRGBv2": (
        imagecodecs.cms_profile("rgb", primaries=ECI_PRIMARIES, whitepoint=D50, transferfunction=L_STAR),
        lambda v: luminance_of_lightness(v * 100),
    ),
    "Adobe RGB (1998)": (imagecodecs.cms_profile("adobergb"), lambda v: v ** (563 / 256)),
    "grey gamma 1.8": (imagecodecs.cms_profile("gray", gamma=1.8), lambda v: v**1.8),
    "grey gamma 2.2": (imagecodecs.cms_profile("gray", gamma=2.2), lambda v: v**2.2),
    "grey L*": (
        imagecodecs.cms_profile("gray", whitepoint=D50, transferfunction=L_STAR),
        lambda v: luminance_of_lightness(v * 100),
    ),
}
