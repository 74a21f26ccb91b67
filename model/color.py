"""sRGB and CIELAB on batches of tensors (N,3,H,W), on any device; the twin of `photochrom.color`'s formulas.

Encoded RGB is in 0..1, L* in 0..100; CIELAB is relative to the D65 white of sRGB, so grey has a* = b* = 0.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photochrom.color import RELATIVE_XYZ_TO_RGB, RGB_TO_RELATIVE_XYZ

_EPSILON = 216 / 24389
_KAPPA = 24389 / 27


def lab(rgb: Tensor) -> Tensor:
    """Return CIELAB (N,3,...) of encoded sRGB (N,3,...) in 0..1."""
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb.clamp(min=0) + 0.055) / 1.055) ** 2.4)
    x, y, z = _mix(linear, RGB_TO_RELATIVE_XYZ).unbind(1)
    fx, fy, fz = _compress(x), _compress(y), _compress(z)
    return torch.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], 1)


def srgb(lab_: Tensor) -> Tensor:
    """Return encoded sRGB (N,3,...) of CIELAB (N,3,...), clipped to 0..1 as every published figure is."""
    linear = linear_rgb(lab_)
    encoded = torch.where(
        linear <= 0.0031308, linear * 12.92, 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    )
    return encoded.clamp(0, 1)


def linear_rgb(lab_: Tensor) -> Tensor:
    """Return linear RGB (N,3,...) of CIELAB (N,3,...); outside 0..1 where sRGB does not reach."""
    lightness, a, b = lab_.unbind(1)
    fy = (lightness + 16) / 116
    relative = torch.stack([_expand(fy + a / 500), _expand(fy), _expand(fy - b / 200)], 1)
    return _mix(relative, RELATIVE_XYZ_TO_RGB)


def luminance_lightness(luminance: Tensor) -> Tensor:
    """Return L* of a luminance relative to white, any shape."""
    return 116 * _compress(luminance) - 16


def _mix(colours: Tensor, matrix: NDArray[np.float64]) -> Tensor:
    # A sum of products, not a matmul: TF32 would round it to 10 bits on a GPU. The numbers are the host's, for a
    # tensor that is copied to a GPU waits for all that the GPU has still to do.
    rows = [sum(float(matrix[i, j]) * colours[:, j] for j in range(3)) for i in range(3)]
    return torch.stack([torch.as_tensor(row) for row in rows], 1)


def _compress(ratio: Tensor) -> Tensor:
    cube_root = ratio.clamp(min=_EPSILON) ** (1 / 3)
    return torch.where(ratio > _EPSILON, cube_root, (_KAPPA * ratio + 16) / 116)


def _expand(f: Tensor) -> Tensor:
    cube = f**3
    return torch.where(cube > _EPSILON, cube, (116 * f - 16) / _KAPPA)
