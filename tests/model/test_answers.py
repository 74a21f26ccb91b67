import math

import pytest
import torch

from model.answers import Classes, HueChroma, Regression, answer_of, divergence, median
from model.losses import color_bins
from model.network import HISTOGRAM, Colorizer, NetworkConfig

KNOBS = torch.tensor(1.0), torch.tensor(0.0)
TINY = {"encoder": "tiny", "context": 32, "blocks": 1, "heads": 2, "decoder": (32, 32, 32), "hints": 8}


def certain(hue: int, chroma: int) -> torch.Tensor:
    """Outputs (1,64,1,1) that put everything into one bin of each histogram."""
    outputs = torch.full((2 * HISTOGRAM,), -50.0)
    outputs[hue] = outputs[HISTOGRAM + chroma] = 50.0
    return outputs[None, :, None, None]


@pytest.mark.parametrize(
    ("answer", "kind", "outputs"),
    [("classes", Classes, 259), ("hue_chroma", HueChroma, 64), ("ab", Regression, 2)],
)
@pytest.mark.parametrize("head", ["unet", "hypercolumns"])
def test_every_answer_fits_every_head(answer: str, kind: type, outputs: int, head: str) -> None:
    network = Colorizer(
        color_bins(), torch.zeros(259), NetworkConfig(**TINY, head=head, answer=answer)
    ).eval()
    with torch.no_grad():
        given = network(torch.full((1, 1, 64, 96), 50.0))
    assert given.shape == (1, outputs, 16, 24)
    way = answer_of(network)
    assert isinstance(way, kind)
    ab, confidence = way.decode(given, *KNOBS)
    assert ab.shape == (1, 2, 16, 24)
    assert confidence.shape == (1, 1, 16, 24)
    assert 0 <= confidence.min() <= confidence.max() <= 1
    assert way.loss(given.flatten(2).transpose(1, 2), torch.zeros(1, 384, 2)).isfinite()


def test_histograms_split_a_colour_between_its_two_nearest_bins() -> None:
    # Chroma 10 of bins 4 wide: 10 / 4 = 2.5, the centre of bin 2. Hue 0: the border of bins 31 and 0.
    hue, chroma = HueChroma().histograms(torch.tensor([10.0, 0.0]))
    assert hue[0] == hue[31] == 0.5
    assert chroma[2] == 1
    # Chroma 11 = bin place 2.25: a quarter goes to the next bin. Hue 45 degrees: border of bins 3 and 4.
    hue, chroma = HueChroma().histograms(torch.tensor([11.0, 11.0]) / math.sqrt(2))
    torch.testing.assert_close(chroma[2:4], torch.tensor([0.75, 0.25]), atol=1e-5, rtol=0)
    torch.testing.assert_close(hue[3:5], torch.tensor([0.5, 0.5]), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("a", "b"), [(0.0, 0.0), (200.0, 0.0), (-0.01, -0.01), (3.0, -120.0)])
def test_histograms_sum_to_one_everywhere(a: float, b: float) -> None:
    for histogram in HueChroma().histograms(torch.tensor([a, b])):
        assert float(histogram.sum()) == pytest.approx(1, abs=1e-6)
        assert histogram.min() >= 0


def test_the_median_lies_within_its_bin() -> None:
    histogram = torch.tensor([0.25, 0.5, 0.25, 0.0])[None, :, None, None]
    assert float(median(histogram)) == pytest.approx(
        0.5 / 4 * 3
    )  # .25 before bin 1, .25 of its .5: its middle
    histogram = torch.tensor([0.0, 0.0, 0.0, 1.0])[None, :, None, None]
    assert float(median(histogram)) == pytest.approx(3.5 / 4)


def test_chroma_is_the_median_at_the_expected_hue() -> None:
    # Bin 7's centre is 7.5 / 32 of a turn, 84.375 degrees; chroma bin 5 lies between 20 and 24.
    ab, confidence = HueChroma().decode(certain(7, 5), *KNOBS)
    angle = math.radians(84.375)
    torch.testing.assert_close(ab[0, :, 0, 0], torch.tensor([22 * math.cos(angle), 22 * math.sin(angle)]))
    assert float(confidence) == pytest.approx(1, abs=1e-5)


def test_colour_fades_where_the_hue_is_unknown() -> None:
    outputs = certain(0, 5)
    outputs[:, :HISTOGRAM] = 0  # any hue is as likely: the resultant is 0
    assert HueChroma().decode(outputs, *KNOBS)[0].abs().max() < 1e-3
    share = 0.015  # half of the length at which fading begins
    outputs[0, :HISTOGRAM, 0, 0] = math.log((1 - share) / HISTOGRAM)
    outputs[0, 0] = math.log((1 - share) / HISTOGRAM + share)
    assert float(HueChroma().decode(outputs, *KNOBS)[0].norm()) == pytest.approx(22 / 2, rel=1e-3)


def test_hue_and_chroma_loss_by_hand() -> None:
    # Even logits: KL against a single bin is log 32. Chroma 10 is a single bin; hue bin 0 is hit at its centre.
    angle = math.pi / HISTOGRAM
    ab = 10 * torch.tensor([math.cos(angle), math.sin(angle)])[None, None]
    loss = HueChroma().loss(torch.zeros(1, 1, 64), ab)
    assert float(loss) == pytest.approx(math.log(32) * (1 + 5 * 10 / 128), rel=1e-4)
    grey = HueChroma().loss(torch.zeros(1, 1, 64), torch.zeros(1, 1, 2))
    assert float(grey) == pytest.approx(math.log(32), rel=1e-5)  # grey has no hue to learn


def test_divergence_is_zero_for_the_truth() -> None:
    truth = torch.tensor([[0.2, 0.8, 0.0]])
    assert float(divergence(truth, (truth + 1e-12).log())) == pytest.approx(0, abs=1e-6)
    assert float(divergence(truth, torch.zeros(1, 3))) == pytest.approx(
        0.2 * math.log(0.2) + 0.8 * math.log(0.8) + math.log(3)
    )


def test_regression_by_hand() -> None:
    loss = Regression().loss(torch.tensor([[[1.0, 0.0]]]), torch.tensor([[[0.0, 50.0]]]))
    assert float(loss) == pytest.approx((1 + 4) / 2)
    ab, _ = Regression().decode(torch.tensor([1.0, -2.0])[None, :, None, None], *KNOBS)
    assert ab.flatten().tolist() == [25, -50]


def test_zhang_takes_the_annealed_mean_of_its_bins() -> None:
    # Two bins of probability .7 and .3 at T = .38: their shares are .7^(1/.38) and .3^(1/.38), normalised.
    bins = torch.tensor([[0.0, 0.0], [40.0, 10.0]])
    network = Colorizer(bins, torch.zeros(2), NetworkConfig(**TINY))
    logits = torch.tensor([0.7, 0.3]).log()[None, :, None, None]
    ab, _ = answer_of(network).decode(logits, torch.tensor(0.38), torch.tensor(1.0))
    share = 0.3 ** (1 / 0.38) / (0.3 ** (1 / 0.38) + 0.7 ** (1 / 0.38))
    torch.testing.assert_close(ab[0, :, 0, 0], share * bins[1])
