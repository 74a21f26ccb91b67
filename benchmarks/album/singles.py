"""Single photographs that look like pages: with borders, vignettes, snow, pictures and windows in them; and text."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Rng = np.random.Generator
_SIDE = 512  # pixels: what photographs are enlarged to


def _enlarged(photo: Bytes) -> Bytes:
    return np.asarray(cv2.resize(photo, (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC), np.uint8)


def hung(photo: Bytes, other: Bytes, rng: Rng) -> Bytes:
    """Hang another photograph into one, as a picture on a wall or a window."""
    scene = _enlarged(photo)
    width, height = (int(side) for side in rng.integers(_SIDE // 6, _SIDE // 2, 2))
    left, top = int(rng.integers(0, _SIDE - width)), int(rng.integers(0, _SIDE - height))
    scene[top : top + height, left : left + width] = cv2.resize(other, (width, height))
    return scene


def _bordered(photo: Bytes, _other: Bytes, rng: Rng) -> Bytes:
    edge = int(rng.uniform(0.01, 0.08) * _SIDE)
    return _on_card(_enlarged(photo), (edge,) * 4, float(rng.uniform(225, 253)))


def _instant(photo: Bytes, _other: Bytes, rng: Rng) -> Bytes:
    edge = int(rng.uniform(0.05, 0.08) * _SIDE)
    return _on_card(_enlarged(photo), (edge, int(0.23 * _SIDE), edge, edge), float(rng.uniform(225, 253)))


def _on_card(scene: Bytes, edges: tuple[int, int, int, int], tone: float) -> Bytes:
    made = cv2.copyMakeBorder(scene, *edges, cv2.BORDER_CONSTANT, None, (tone, tone, 0.97 * tone))
    return np.asarray(made, np.uint8)


def _vignette(photo: Bytes, _other: Bytes, rng: Rng) -> Bytes:
    far = np.hypot(*np.meshgrid(*(np.linspace(-1, 1, _SIDE),) * 2))
    share = np.clip((far - rng.uniform(0.3, 0.7)) / rng.uniform(0.2, 0.6), 0, 1)[..., None]
    return np.asarray(_enlarged(photo) * (1 - share) + float(rng.choice((5, 250))) * share, np.uint8)


def _snow(photo: Bytes, _other: Bytes, rng: Rng) -> Bytes:
    down = np.linspace(0, 1, _SIDE)[:, None, None]
    share = np.clip((down - rng.uniform(0.1, 0.5)) / rng.uniform(0.1, 0.4), 0, 1) * rng.uniform(0.8, 0.98)
    return np.asarray(_enlarged(photo) * (1 - share) + 244 * share, np.uint8)


def _windows(photo: Bytes, _other: Bytes, rng: Rng) -> Bytes:
    """Show a facade: rows of windows with bars, dark or with a reflection."""
    scene = np.asarray(_enlarged(photo) * 0.4 + rng.uniform(20, 140), np.uint8)
    rows, columns = (int(count) for count in rng.integers(2, 6, 2))
    height, width, dark = _SIDE // rows, _SIDE // columns, float(rng.uniform(10, 90))
    tall, wide = int(0.6 * height), int(0.5 * width)
    for row in range(rows):
        for column in range(columns):
            y, x = int((row + 0.2) * height), int((column + 0.25) * width)
            pane = np.linspace(dark, dark + rng.uniform(0, 90), tall)[:, None, None]
            scene[y : y + tall, x : x + wide] = np.broadcast_to(pane, (tall, wide, 3))
            cv2.line(scene, (x + wide // 2, y), (x + wide // 2, y + tall), (220,) * 3, 3)
            cv2.line(scene, (x, y + tall // 3), (x + wide, y + tall // 3), (220,) * 3, 3)
    return scene


def _text(_photo: Bytes, _other: Bytes, rng: Rng) -> Bytes:
    page = np.full((_SIDE * 4 // 3, _SIDE, 3), int(rng.integers(225, 252)), np.uint8)
    for y in range(60, len(page) - 40, int(rng.integers(18, 34))):
        text = "".join(
            rng.choice(list("the rain in a letter home ")) for _ in range(int(rng.integers(10, 40)))
        )
        cv2.putText(page, text, (40, y), cv2.FONT_HERSHEY_COMPLEX, 0.45, (50, 50, 60), 1, cv2.LINE_AA)
    return page


KINDS: dict[str, Callable[[Bytes, Bytes, Rng], Bytes]] = {
    "white border": _bordered,
    "instant picture": _instant,
    "vignette": _vignette,
    "snow": _snow,
    "facade": _windows,
    "text": _text,
}
"""What each makes of a photograph and of another one."""
