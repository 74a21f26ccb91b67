"""CIEDE2000: how different two colours look; about 1 is the least that is seen, 2 a close look (CIE 142-2001)."""

import numpy as np


def ciede2000(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the difference (...) of CIELAB colours (..., 3)."""
    (light, a, b), (light_, a_, b_) = (np.moveaxis(np.asarray(lab, float), -1, 0) for lab in (one, other))
    mean_chroma = (np.hypot(a, b) + np.hypot(a_, b_)) / 2
    scale = 1.5 - 0.5 * _share(mean_chroma)
    chroma, chroma_ = np.hypot(a * scale, b), np.hypot(a_ * scale, b_)
    hue, hue_ = np.arctan2(b, a * scale), np.arctan2(b_, a_ * scale)
    turn = (hue_ - hue + np.pi) % (2 * np.pi) - np.pi
    middle = hue + turn / 2
    steps = light_ - light, chroma_ - chroma, 2 * np.sqrt(chroma * chroma_) * np.sin(turn / 2)
    mean_light, mean_chroma = (light + light_) / 2, (chroma + chroma_) / 2
    waves = ((1, 30, -0.17), (2, 0, 0.24), (3, -6, 0.32), (4, 63, -0.20))
    t = 1 + sum(share * np.cos(k * middle - np.deg2rad(shift)) for k, shift, share in waves)
    of_light = 1 + 0.015 * (mean_light - 50) ** 2 / np.sqrt(20 + (mean_light - 50) ** 2)
    of_chroma, of_hue = 1 + 0.045 * mean_chroma, 1 + 0.015 * mean_chroma * t
    dl, dc, dh = (step / size for step, size in zip(steps, (of_light, of_chroma, of_hue), strict=True))
    off = (np.rad2deg(middle) - 275 + 180) % 360 - 180
    rotation = -2 * _share(mean_chroma) * np.sin(np.deg2rad(60 * np.exp(-((off / 25) ** 2))))
    return np.sqrt(np.maximum(dl**2 + dc**2 + dh**2 + rotation * dc * dh, 0))


def _share(chroma: np.ndarray) -> np.ndarray:
    return np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
