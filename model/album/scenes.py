"""What photographs show that looks like prints on a page: pictures on walls, windows, facades, screens."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from .sheets import Picture, Rng, noise

Draw = Callable[[], NDArray[np.uint8]]
Cell = tuple[int, int, int, int]
"""Top, left, height and width of a window."""


def hang(scene: Picture, pictures: Callable[[tuple[int, int]], Picture], rng: Rng) -> None:
    """Hang other pictures, of a given height and width, into the scene: straight, turned or in perspective."""
    height, width = scene.shape[:2]
    if rng.random() < 0.3:
        scene[:] = cv2.GaussianBlur(scene, (0, 0), rng.uniform(1, 12))
    for _ in range(int(rng.choice((1, 1, 1, 2, 3, 4)))):
        wide, tall = rng.uniform(0.1, 0.6) * width, rng.uniform(0.1, 0.6) * height
        picture = pictures((max(8, round(tall)), max(8, round(wide))))
        if rng.random() < 0.5:
            edge = int(rng.integers(1, 2 + min(picture.shape[:2]) // 12))
            tone = tuple(float(v) for v in rng.uniform(0, 250, 3))
            picture = np.asarray(
                cv2.copyMakeBorder(picture, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=tone)
            )
        at = rng.uniform((0, 0), (max(width - wide, 1), max(height - tall, 1)))
        box = np.asarray(((0, 0), (wide, 0), (wide, tall), (0, tall)))
        bent = box + rng.normal(0, rng.choice((0.0, 0.0, 0.06)), (4, 2)) * min(wide, tall)
        bend(scene, picture, bent + at)


def bend(scene: Picture, picture: Picture, corners: NDArray[np.float64]) -> None:
    """Lay a picture into a quadrangle (4, 2) of the scene, in place."""
    rows, columns = picture.shape[:2]
    own = np.asarray(((0, 0), (columns, 0), (columns, rows), (0, rows)), np.float32)
    way = cv2.getPerspectiveTransform(own, np.asarray(corners, np.float32))
    size = scene.shape[1], scene.shape[0]
    cover = cv2.warpPerspective(np.ones((rows, columns), np.float32), way, size)
    lying = cv2.warpPerspective(picture, way, size)
    scene += (np.asarray(lying) - scene) * np.asarray(cover)[..., None]


def set_windows(scene: Picture, rng: Rng) -> None:
    """Set panes, doors or a row of windows into the scene."""
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


def build(scene: Picture, rng: Rng) -> None:
    """Put a house before the scene: a wall with storeys of windows, seen from before it or askew, in place."""
    height, width = scene.shape[:2]
    wall, kind = _wall(scene, rng), rng.integers(1 << 30)
    for cell in _cells(wall.shape[:2], rng):
        # Windows of one house are mostly of one kind.
        _window(wall, cell, np.random.default_rng(kind) if rng.random() < 0.8 else rng)
    corners = np.asarray(((0, 0), (width, 0), (width, height), (0, height)), float)
    if rng.random() < 0.5:
        corners += rng.normal(0, rng.choice((0.02, 0.1)), (4, 2)) * (width, height)
    if rng.random() < 0.4:  # sky above, a street below, a gap beside
        corners[:2, 1] += rng.uniform(0, 0.35) * height
        corners[2:, 1] -= rng.uniform(0, 0.25) * height
        corners[:, 0] += rng.uniform(-0.2, 0.2) * width
    bend(scene, wall, corners)
    if rng.random() < 0.35:
        _plant(scene, rng)


def _wall(scene: Picture, rng: Rng) -> Picture:
    """Return a wall as large as the scene: plaster, bricks, or what the scene shows, dimly."""
    tone = rng.uniform(15, 240) * rng.uniform(0.85, 1.1, 3)
    own = np.float32(rng.choice((0.0, 0.1, 0.4, 0.7)))
    wall = scene * own + (tone * (1 - float(own))).astype(np.float32)
    wall = wall + noise(wall.shape[:2], rng.uniform(1, 30), rng)[..., None] * np.float32(rng.uniform(0, 8))
    if rng.random() < 0.25:
        course, line = int(rng.integers(5, 24)), np.float32(rng.uniform(-30, 30))
        wall[::course] += line
        wall[:, :: 2 * course] += line * np.float32(0.5)
    return np.asarray(np.clip(wall, 0, 255), np.float32)


def _cells(size: tuple[int, int], rng: Rng) -> list[Cell]:
    """Return where windows are: storeys, of which one may be lower or left out, and columns."""
    rows, columns = int(rng.integers(1, 8)), int(rng.integers(2, 10))
    low, high = np.sort(rng.uniform(0, 1, 2)) if rng.random() < 0.2 else (0.0, 1.0)
    tall, wide = rng.uniform(0.3, 0.85), rng.uniform(0.25, 0.85)
    step = size[0] * max(high - low, 0.4) / rows, size[1] / columns
    found, kept = list[Cell](), rng.random((rows, columns)) > rng.choice((0.0, 0.05, 0.2))
    for row in range(rows):
        for column in range(columns):
            y = (row + (1 - tall) / 2) * step[0] + low * size[0]
            x = (column + (1 - wide) / 2) * step[1]
            cell = round(y), round(x), max(3, round(tall * step[0])), max(3, round(wide * step[1]))
            if kept[row, column] and cell[0] + cell[2] <= size[0]:
                found.append(cell)
    return found


def _window(wall: Picture, cell: Cell, rng: Rng) -> None:
    y, x, tall, wide = cell
    part = wall[y : y + tall, x : x + wide]
    if not part.size:
        return
    tall, wide = part.shape[:2]
    frame, edge = tuple(float(v) for v in np.full(3, rng.uniform(10, 250))), int(rng.integers(0, 4))
    down = np.linspace(0, 1, tall, dtype=np.float32)[:, None, None]
    pane = np.float32(rng.uniform(5, 110)) + down * np.float32(rng.uniform(-40, 110))
    part[:] = pane + noise((tall, wide), 12, rng)[..., None] * np.float32(rng.uniform(0, 14))
    if rng.random() < 0.25:  # a curtain or a blind
        part[: int(tall * rng.uniform(0.2, 1))] = np.float32(rng.uniform(120, 250))
    if edge:
        cv2.rectangle(part, (0, 0), (wide - 1, tall - 1), frame, edge)
    for share in ((0.5,), (0.33, 0.67), ())[int(rng.integers(3))]:
        cv2.line(part, (int(share * wide), 0), (int(share * wide), tall), frame, max(1, edge))
    for share in ((0.33,), (0.5,), (0.25, 0.5, 0.75), ())[int(rng.integers(4))]:
        cv2.line(part, (0, int(share * tall)), (wide, int(share * tall)), frame, max(1, edge))
    if rng.random() < 0.3:  # a sill, and its shadow
        wall[y + tall : y + tall + 3, max(x - 3, 0) : x + wide + 3] = np.float32(rng.uniform(20, 250))


def _plant(scene: Picture, rng: Rng) -> None:
    """Grow trees and bushes before the house."""
    height, width = scene.shape[:2]
    cover = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(3, 40))):
        at = int(rng.uniform(0, width)), int(height * (1 - abs(rng.normal(0, 0.3))))
        cv2.circle(cover, at, int(rng.uniform(0.01, 0.12) * width), 1.0, -1, cv2.LINE_AA)
    leaves = np.float32(rng.uniform(10, 140)) + noise((height, width), 4, rng) * np.float32(
        rng.uniform(4, 25)
    )
    scene += (leaves[..., None] - scene) * np.asarray(cover)[..., None]
