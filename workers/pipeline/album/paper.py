"""Which paper a page is made of, and what on it is not paper."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Lab = NDArray[np.float32]
Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]

_RIM = 0.02  # of a side: what counts as the page's outermost part
_SHRUNK = 4
_NEAR, _SURE = 8.0, 3.0  # CIELAB: around a tone, and around the paper that was fitted to it
_LEAST, _MOST, _SPREADS = 4.0, 12.0, 5.0  # CIELAB; how many times the paper's own spread
_ROUNDS = 4
_SHADE = 0.14  # of the paper's lightness: so much darker it is in the shadow of a print
_FOLD = 0.2  # of a side: how far the shadow of a book's fold reaches
_SHARE = 0.3  # of a line, which has to be paper
_DEEPEST = 45.0  # L* that a fold takes away
_SHARP = 5.0  # CIELAB within a pixel and a half


@dataclass(frozen=True)
class Paper:
    """A sheet in its uneven light."""

    other: Mask
    """(h, w): where something else lies, shadows apart."""
    covered: Plane
    """The same as 0 and 1."""
    rough: float
    """Sharpness that the paper itself has here and there."""


def papers(page: Lab, sharp: Plane) -> list[Paper]:
    """Return what the paper of a page (h, w, 3), CIELAB, may be, the likeliest first."""
    height, width = page.shape[:2]
    rows, columns = max(2, round(_RIM * height)), max(2, round(_RIM * width))
    sides = (page[:rows], page[-rows:], page[:, :columns], page[:, -columns:])
    rim = np.concatenate([part.reshape(-1, 3) for part in sides])
    tones: list[NDArray[np.float32]] = []
    for pixels in (rim, page[::3, ::3].reshape(-1, 3)):
        tone = _commonest(pixels)
        if all(np.linalg.norm(tone - other) > _NEAR for other in tones):
            tones.append(tone)
    return [_fitted(page, sharp, tone) for tone in tones]


def sharpness(page: Lab) -> Plane:
    """Return (h, w): how abruptly a page (h, w, 3) changes there; the slope of a soft shadow counts for nothing."""
    found = np.zeros(page.shape[:2], np.float32)
    for axis in (0, 1):
        step = np.abs(np.diff(page, axis=axis)).max(axis=2)
        before, after = (slice(None, -4), slice(4, None))
        middle = slice(2, -2)
        step = step if axis else step.T
        ramp = np.minimum(step[:, before], step[:, after])
        own = np.maximum(step[:, middle] - ramp, 0)
        own = own if axis else own.T
        inner = (slice(None), slice(2, -3)) if axis else (slice(2, -3), slice(None))
        np.maximum(found[inner], own, out=found[inner])
    return found


def _commonest(pixels: Lab) -> NDArray[np.float32]:
    """Return the tone that most pixels have, within some levels."""
    counts = np.bincount(np.clip(pixels[:, 0], 0, 100).astype(int), minlength=101).astype(np.float32)
    peak = int(np.convolve(counts, np.ones(7), "same").argmax())
    near = pixels[np.abs(pixels[:, 0] - peak) <= 4]
    tone = np.median(near, axis=0)
    near = near[np.linalg.norm(near - tone, axis=1) < _NEAR]
    return np.asarray(np.median(near, axis=0) if len(near) else tone, np.float32)


def _fitted(page: Lab, sharp: Plane, tone: NDArray[np.float32]) -> Paper:
    """Fit uneven light to the paper of this tone."""
    small = np.ascontiguousarray(page[_SHRUNK // 2 :: _SHRUNK, _SHRUNK // 2 :: _SHRUNK])
    model = _with_folds(small, _surface(small, tone))
    size = page.shape[1::-1]
    apart = page - cv2.resize(model, size, interpolation=cv2.INTER_LINEAR)
    color = cv2.magnitude(apart[..., 1], apart[..., 2])
    light = np.ascontiguousarray(apart[..., 0])
    away = cv2.magnitude(light, color)
    near = away[::3, ::3]
    limit = (
        min(max(_LEAST, _SPREADS * float(np.median(near[near < _NEAR]))), _MOST)
        if (near < _NEAR).any()
        else _LEAST
    )
    shade = max(limit, _SHADE * float(tone[0]))
    smooth = cv2.blur(light, (3, 3))
    other = (smooth > limit) | (smooth < -shade) | (cv2.blur(color, (3, 3)) > limit) | (sharp > _SHARP)
    rough = float(np.percentile(sharp[::3, ::3][near < limit], 95)) if (near < limit).any() else 0.0
    return Paper(np.asarray(other), np.asarray(other, np.float32), rough)


def _surface(small: Lab, tone: NDArray[np.float32]) -> Lab:
    """Fit a curved surface of lightness, and a plane of each colour."""
    terms = _terms(small.shape[:2])
    model, limit = np.broadcast_to(tone, small.shape), _NEAR
    for _ in range(_ROUNDS):
        away = np.linalg.norm(small - model, axis=2)
        paper = away < limit
        if paper.sum() < 50:
            break
        weights = [
            np.linalg.lstsq(terms[paper][:, :count], small[paper][:, i], rcond=None)[0]
            for i, count in enumerate((6, 3, 3))
        ]
        model = np.stack([terms[..., : len(each)] @ each for each in weights], axis=-1)
        limit = min(_NEAR, max(_SURE, 4 * float(np.median(away[paper]))))
    return np.asarray(model, np.float32)


def _with_folds(small: Lab, model: Lab) -> Lab:
    """Darken the model towards a side where the page does, all along it."""
    model = model.copy()
    for turned, page in ((model, small), (model.swapaxes(0, 1), small.swapaxes(0, 1))):
        for lit, seen in ((turned, page), (turned[:, ::-1], page[:, ::-1])):
            reach = round(_FOLD * lit.shape[1])
            lit[:, :reach, 0] += _drop(seen[:, :reach] - lit[:, :reach])
    return model


def _drop(apart: Lab) -> Plane:
    """Return how much darker (n,) than the model lines (m, n, 3) from a side inwards are; 0 where that is no fold."""
    light, color = apart[..., 0], np.abs(apart[..., 1:]).max(axis=2)
    like = (color < _NEAR) & (light < _SURE) & (light > -_DEEPEST)
    lines = zip(light.T, like.T, strict=True)
    drop = np.array([np.median(line[own]) if own.mean() > _SHARE else 0.0 for line, own in lines])
    if np.median(drop[:3]) >= -_SURE:
        return np.zeros(len(drop), np.float32)
    # Darker and darker towards the side, or it is no fold.
    return np.maximum.accumulate(np.minimum(drop, 0)).astype(np.float32)


def _terms(size: tuple[int, int]) -> Plane:
    down, across = np.meshgrid(*(np.linspace(-1, 1, side) for side in size), indexing="ij")
    terms = np.stack([np.ones(size), down, across, down * down, across * across, down * across], axis=-1)
    return np.asarray(terms, np.float32)
