import cv2
import numpy as np
import pytest
import torch

from model.measuring import measures


def noisy(seed: int, n: int = 2) -> torch.Tensor:
    return torch.randint(0, 256, (n, 3, 48, 64), generator=torch.Generator().manual_seed(seed)).float()


def test_psnr_agrees_with_opencv() -> None:
    a, b = noisy(0), noisy(1)
    for i in range(2):
        theirs = cv2.PSNR(a[i].byte().numpy(), b[i].byte().numpy())
        assert float(measures.psnr(a, b)[i]) == pytest.approx(theirs, abs=1e-4)


def test_psnr_of_equal_photographs_is_capped() -> None:
    assert measures.psnr(noisy(0), noisy(0)).tolist() == [100, 100]


def test_rmse_by_hand() -> None:
    given, truth = torch.zeros(1, 2, 1, 2), torch.tensor([[[[3.0, 0]], [[4.0, 0]]]])
    assert float(measures.rmse(given, truth)) == pytest.approx(2.5)  # sqrt((9 + 16) / 4)


def test_colourfulness_by_hand() -> None:
    # Half red (255,0,0), half black: rg in {255, 0}, yb in {127.5, 0}.
    rgb = torch.zeros(1, 3, 1, 2)
    rgb[0, 0, 0, 0] = 255
    sigma, mu = np.hypot(127.5, 63.75), np.hypot(127.5, 63.75)
    assert float(measures.colourfulness(rgb)) == pytest.approx(sigma + 0.3 * mu, rel=1e-6)


def test_grey_has_no_colourfulness() -> None:
    assert measures.colourfulness(noisy(0)[:, :1].expand(-1, 3, -1, -1)).tolist() == [0, 0]


def test_ssim_agrees_with_the_formula_over_opencvs_gaussian() -> None:
    truth = noisy(3)
    given = (truth + 30 * torch.randn(truth.shape, generator=torch.Generator().manual_seed(5))).clamp(0, 255)
    expected = [_ssim_by_opencv(a.numpy(), b.numpy()) for a, b in zip(given, truth, strict=True)]
    np.testing.assert_allclose(measures.ssim(given, truth), expected, atol=1e-4)
    assert measures.ssim(truth, truth).tolist() == pytest.approx([1, 1])


def _ssim_by_opencv(x: np.ndarray, y: np.ndarray) -> float:
    def blur(plane: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(plane.astype(np.float64), (11, 11), 1.5)[5:-5, 5:-5]

    values = []
    for a, b in zip(x, y, strict=True):
        ma, mb = blur(a), blur(b)
        va, vb, cov = blur(a**2.0) - ma**2, blur(b**2.0) - mb**2, blur(a * b) - ma * mb
        c1, c2 = 2.55**2, 7.65**2
        values.append((2 * ma * mb + c1) * (2 * cov + c2) / (ma**2 + mb**2 + c1) / (va + vb + c2))
    return float(np.mean(values))


def test_bleeding_is_the_colour_step_where_light_is_flat() -> None:
    lightness, truth = torch.full((1, 1, 8, 9), 50.0), torch.zeros(1, 2, 8, 9)
    given = torch.arange(9.0).expand(1, 2, 8, 9)  # both channels climb by 1 per pixel
    assert float(measures.bleeding(given, truth, lightness)) == pytest.approx(2**0.5)
    edge = torch.arange(9.0).mul(10).expand(1, 1, 8, 9)
    assert float(measures.bleeding(given, truth, edge)) == 0  # colour may change where light does


def test_patches_count_where_the_truth_is_even() -> None:
    lightness, even = torch.full((1, 1, 64, 64), 50.0), torch.full((1, 2, 64, 64), 20.0)
    blotched = even.clone()
    blotched[:, 0, ::2] = 40  # rows of two hues: a* spreads by 10
    assert float(measures.patchiness(even, even, lightness)) == 0
    assert float(measures.patchiness(blotched, even, lightness)) == pytest.approx(10, rel=1e-3)
    assert float(measures.patchiness(blotched, even, lightness * 2)) == 0  # white holds no colour
    assert float(measures.patchiness(blotched, blotched, lightness)) == 0


def test_hellingers_distance_by_hand() -> None:
    given = torch.tensor([[1.0, 0, 0], [0.5, 0.5, 0], [0, 0, 1.0]])
    reference = torch.tensor([[1.0, 0, 0], [0.5, 0, 0.5], [1.0, 0, 0]])
    assert measures.hellinger(given, reference).tolist() == pytest.approx([0, 0.5**0.5, 1])
