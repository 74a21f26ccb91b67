"""What is no album page: single photographs of every kind, with rectangles in them, and sheets of text."""

import cv2
import numpy as np

from .additions import put, words
from .pages import Drawn, scanned
from .places import drawn_size
from .prints import exposed
from .scenes import Draw, build, hang, set_windows
from .sheets import Picture, Rng, grain, sheet


def make_single(draw: Draw, rng: Rng) -> Drawn:
    """Return a scan that is one photograph, or a sheet without any."""
    size = drawn_size(0.55, rng)
    if rng.random() < 0.1:
        return Drawn(scanned(_text(size, rng), rng), [])
    scene = exposed(draw(), size, rng)
    kind = rng.random()
    if kind < 0.25:
        hang(scene, lambda size: exposed(draw(), size, rng), rng)
    elif kind < 0.35:
        set_windows(scene, rng)
    elif kind < 0.55:
        build(scene, rng)
    elif kind < 0.63:
        scene = _snowy(scene, rng)
    if rng.random() < 0.35:
        scene = _framed(scene, rng)
    return Drawn(scanned(scene, rng), [])


def _snowy(scene: Picture, rng: Rng) -> Picture:
    """Make most of a scene nearly white or black, as snow, fog, night and vignettes do."""
    y, x = (np.linspace(-1, 1, side, dtype=np.float32) for side in scene.shape[:2])
    far = (
        np.hypot(y[:, None], x[None])
        if rng.random() < 0.5
        else (0 * y[:, None] + rng.choice((-1, 1)) * y[:, None] + 0 * x)
    )
    share = np.clip((far - np.float32(rng.uniform(-0.2, 0.6))) / np.float32(rng.uniform(0.1, 0.8)), 0, 1)
    tone = np.float32(rng.choice((8, 30, 225, 250)))
    return np.asarray(scene + (tone - scene) * share[..., None], np.float32)


def _framed(scene: Picture, rng: Rng) -> Picture:
    """Give the photograph a border up to the rim of the scan, or the wider foot of an instant picture."""
    height, width = scene.shape[:2]
    edge = max(1, round(min(height, width) * np.exp(rng.uniform(np.log(0.008), np.log(0.09)))))
    foot = round(height * rng.uniform(0.15, 0.28)) if rng.random() < 0.25 else edge
    tone = rng.choice((rng.uniform(215, 255), rng.uniform(0, 60))) * np.asarray(
        (1, rng.uniform(0.95, 1), rng.uniform(0.85, 1))
    )
    made = tone.astype(np.float32) + grain((height, width), rng)[..., None]
    inner = cv2.resize(scene, (width - 2 * edge, height - edge - foot), interpolation=cv2.INTER_AREA)
    made = np.asarray(made, np.float32)
    made[edge : height - foot, edge : width - edge] = inner
    return made


def _text(size: tuple[int, int], rng: Rng) -> Picture:
    page = sheet(size, rng)
    if rng.random() < 0.2:
        return page
    ink = (float(rng.uniform(0, 90)) if page.mean() > 110 else float(rng.uniform(170, 255)),) * 3
    scale, face = rng.uniform(0.3, 0.8), int(rng.integers(0, 8))
    left, step = int(rng.uniform(20, 90)), int(30 * scale + rng.uniform(4, 20))
    for y in range(int(rng.uniform(30, 120)), size[0] - 20, step):
        if rng.random() < 0.9:
            text = words(rng, int(rng.uniform(0.3, 1) * (size[1] - 2 * left) / (17 * scale)))
            put(page, text, (left, y), face, scale, ink, 1)
    return page
