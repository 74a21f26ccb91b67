import cv2
import numpy as np
import torch

from model.color import lab, srgb


def random_rgb(n: int = 2000) -> torch.Tensor:
    return torch.rand(1, 3, n, 1, generator=torch.Generator().manual_seed(0))


def test_lab_agrees_with_opencv() -> None:
    rgb = random_rgb()
    theirs = cv2.cvtColor(rgb[0].permute(1, 2, 0).numpy().copy(), cv2.COLOR_RGB2Lab)
    np.testing.assert_allclose(lab(rgb)[0].permute(1, 2, 0).numpy(), theirs, atol=0.6)  # OpenCV uses tables


def test_lab_of_known_colours() -> None:
    rgb = torch.tensor([[1.0, 1, 1], [0, 0, 0], [1, 0, 0], [0, 0, 1]]).double()[:, :, None, None]
    expected = [[100, 0, 0], [0, 0, 0], [53.2408, 80.0925, 67.2032], [32.2970, 79.1875, -107.8602]]
    np.testing.assert_allclose(lab(rgb)[:, :, 0, 0], expected, atol=0.02)


def test_grey_has_no_chroma() -> None:
    grey = torch.linspace(0, 1, 256)[None, None, :, None].expand(1, 3, -1, 1)
    assert lab(grey)[:, 1:].abs().max() < 1e-3


def test_srgb_undoes_lab() -> None:
    rgb = random_rgb().double()
    np.testing.assert_allclose(srgb(lab(rgb)), rgb, atol=1e-6)


def test_srgb_clips_what_no_screen_shows() -> None:
    outside = torch.tensor([[50.0, 120, -120]])[:, :, None, None]
    assert 0 <= srgb(outside).min() <= srgb(outside).max() <= 1
