"""Small sets of labelled photographs in the form that the study reads: WebP pictures in an `.npz`."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

SIDE, ROW = 64, 10


def write_classes(path: Path, *, classes: int = 4, mosaics: int = 1, seed: int = 0) -> None:
    """Write Tiny-ImageNet's form: stripes whose direction and width are the class, 100 to a mosaic."""
    random = np.random.default_rng(seed)
    parts: dict[str, np.ndarray] = {}
    for split in ("train", "val"):
        labels = random.permutation(np.arange(mosaics * ROW**2) % classes).astype(np.uint8)
        squares = np.stack([stripes(int(label), random) for label in labels])
        rows = squares.reshape(mosaics, ROW, ROW, SIDE, SIDE, 3).swapaxes(2, 3)
        pictures = rows.reshape(mosaics, ROW * SIDE, ROW * SIDE, 3)
        parts |= packed(split, list(pictures), labels)
    np.savez(path, **parts)


def write_streets(path: Path, *, frames: int = 6, height: int = 48, width: int = 64, seed: int = 0) -> None:
    """Write CamVid's form: a bright sky (0) over a dark road (3) with a striped pole (2), and a void (11) corner."""
    random = np.random.default_rng(seed)
    parts: dict[str, np.ndarray] = {}
    for split in ("train", "val", "test"):
        scenes = [street(height, width, random) for _ in range(frames)]
        parts |= packed(split, [picture for picture, _ in scenes], np.stack([labels for _, labels in scenes]))
    np.savez(path, **parts)


def stripes(label: int, random: np.random.Generator) -> np.ndarray:
    """Stripes, horizontal for odd labels, wider for higher ones, with noise and any phase: RGB (64,64,3)."""
    along = np.arange(SIDE) + random.integers(SIDE)
    wave = 127 + 90 * np.sign(np.sin(along * np.pi / (3 + 2 * (label // 2))))
    picture = np.broadcast_to(wave[:, None] if label % 2 else wave[None], (SIDE, SIDE))
    noisy = picture[..., None] + random.normal(0, 12, (SIDE, SIDE, 3))
    return noisy.clip(0, 255).astype(np.uint8)


def street(height: int, width: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A picture (H,W,3) and its labels (H,W)."""
    labels = np.zeros((height, width), np.uint8)
    labels[random.integers(height // 3, 2 * height // 3) :] = 3
    left = random.integers(8, width - 16)
    labels[:, left : left + 6] = 2
    labels[:4, :4] = 11
    levels = np.array([220, 0, 130, 50, *[0] * 8])[labels]
    noisy = levels[..., None] + random.normal(0, 6, (height, width, 3))
    return noisy.clip(0, 255).astype(np.uint8), labels


def packed(split: str, pictures: list[np.ndarray], labels: np.ndarray) -> dict[str, np.ndarray]:
    """The arrays of one split."""
    files = [webp(picture) for picture in pictures]
    offsets = np.cumsum([0, *map(len, files)])
    data = np.frombuffer(b"".join(files), np.uint8)
    return {f"{split}_bytes": data, f"{split}_offsets": offsets, f"{split}_labels": labels}


def webp(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "WEBP", lossless=True)
    return file.getvalue()
