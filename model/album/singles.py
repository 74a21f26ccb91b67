"""What is no album page: single photographs of every kind, with rectangles in them, and sheets of text."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from .additions import put, words
from .pages import Drawn, scanned
from .places import SIDE
from .prints import exposed
from .sheets import Picture, Rng, noise, sheet

Draw = Callable[[], NDArray[np.uint8]]


def make_single(draw: Draw, rng: Rng) -> Drawn:
    """Return a scan that is one photograph, or a sheet without any."""
    short = round(SIDE * rng.uniform(0.55, 1.0))
    size = (SIDE, short) if rng.random() < 0.5 else (short, SIDE)
    if rng.random() < 0.1:
        return Drawn(scanned(_text(size, rng), rng), [])
    scene = exposed(draw(), size, rng)
    kind = rng.random()
    if kind < 0.3:
        _hang(scene, draw, rng)
    elif kind < 0.42:
        _window(scene, rng)
    elif kind < 0.5:
        scene = _snowy(scene, rng)
    if rng.random() < 0.35:
        scene = _framed(scene, rng)
    return Drawn(scanned(scene, rng), [])


def _hang(scene: Picture, draw: Draw, rng: Rng) -> None:
    """Hang other pictures into the scene: on walls, as windows and screens, straight, turned or in perspective."""
    height, width = scene.shape[:2]
    if rng.random() < 0.3:
        scene[:] = cv2.GaussianBlur(scene, (0, 0), rng.uniform(1, 12))
    for _ in range(int(rng.choice((1, 1, 1, 2, 3, 4)))):
        wide, tall = rng.uniform(0.1, 0.6) * width, rng.uniform(0.1, 0.6) * height
        picture = exposed(draw(), (max(8, round(tall)), max(8, round(wide))), rng)
        if rng.random() < 0.5:
            edge = int(rng.integers(1, 2 + min(picture.shape[:2]) // 12))
            tone = tuple(float(v) for v in rng.uniform(0, 250, 3))
            picture = np.asarray(
                cv2.copyMakeBorder(picture, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=tone)
            )
        at = rng.uniform((0, 0), (max(width - wide, 1), max(height - tall, 1)))
        box = np.asarray(((0, 0), (wide, 0), (wide, tall), (0, tall)))
        bent = box + rng.normal(0, rng.choice((0.0, 0.0, 0.06)), (4, 2)) * min(wide, tall)
        rows, columns = picture.shape[:2]
        own = np.asarray(((0, 0), (columns, 0), (columns, rows), (0, rows)), np.float32)
        way = cv2.getPerspectiveTransform(own, np.asarray(bent + at, np.float32))
        cover = cv2.warpPerspective(np.ones((rows, columns), np.float32), way, (width, height))
        lying = cv2.warpPerspective(picture, way, (width, height))
        scene += (np.asarray(lying) - scene) * np.asarray(cover)[..., None]


def _window(scene: Picture, rng: Rng) -> None:
    """Set panes, doors or a facade's windows into the scene."""
    height, width = scene.shape[:2]
    rows, columns = int(rng.integers(1, 6)), int(rng.integers(1, 7))
    area = np.asarray((height, width)) * rng.uniform(0.3, 1, 2)
    top, left = rng.uniform(0, 1, 2) * ((height, width) - area)
    cell, gap = area / (rows, columns), rng.uniform(0.06, 0.6)
    pane = rng.uniform(0, 255) * rng.uniform(0.8, 1.1, 3)
    if rng.random() < 0.4:
        scene *= np.float32(0.3)
        scene += np.float32(rng.uniform(20, 200)) * np.float32(0.7)
    for row in range(rows):
        for column in range(columns):
            y, x = (np.asarray((top, left)) + (np.asarray((row, column)) + gap / 2) * cell).astype(int)
            tall, wide = np.maximum((cell * (1 - gap)).astype(int), 2)
            tone = (pane + rng.normal(0, 15)).astype(np.float32)
            part = scene[y : y + tall, x : x + wide]
            part += (tone + noise(part.shape[:2], 20, rng)[..., None] * 12 - part) * np.float32(
                rng.uniform(0.6, 1)
            )
            if rng.random() < 0.5:
                cv2.line(
                    scene, (x + wide // 2, y), (x + wide // 2, y + tall), (float(rng.uniform(0, 255)),) * 3, 2
                )


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
    made = np.broadcast_to(tone.astype(np.float32), scene.shape) + rng.standard_normal(
        (height, width, 1), np.float32
    )
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
