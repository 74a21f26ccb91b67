"""Layer by layer, filters become the centres of clusters of what they see (Krähenbühl et al. 2016; Coates and Ng 2012).

No gradient and no loss of a task: small patches of a stage's input are whitened and clustered by direction, and each
centre becomes a filter. The stage's own batch normalisation then gives its answers mean 0 and variance 1.
"""

from collections.abc import Iterable

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from ..encoder import Encoder

PATCHES = 16
"""Patches of a photograph for each stage."""
ROUNDS = 12
_FLOOR = 0.1  # added to the variances, relative to their mean, so that whitening does not raise mere noise


@torch.no_grad()
def cluster(encoder: Encoder, batches: Iterable[Tensor], random: torch.Generator) -> list[float]:
    """Set the filters of all stages, one after the other; return each stage's mean distortion, 0..1.

    Args:
        encoder: whole, not in halves.
        batches: inputs (N,1,S,S), some thousands in all.
        random: on the encoder's device.
    """
    encoder.train()
    maps, distortions = list(batches), []
    for stage in encoder.stages:
        assert isinstance(stage, nn.Sequential)
        filters = stage[0]
        assert isinstance(filters, nn.Conv2d)
        patches = torch.cat([drawn_patches(part, filters, random) for part in maps])
        mean, whiten = whitening(patches)
        centers, distortion = directions((patches - mean) @ whiten, filters.out_channels, random)
        filters.weight.copy_((centers @ whiten.T).reshape(filters.weight.shape))
        distortions.append(distortion)
        maps = [stage(part) for part in maps]
    return distortions


def drawn_patches(maps: Tensor, filters: nn.Conv2d, random: torch.Generator) -> Tensor:
    """Return random patches (N*PATCHES, C*k*k) of maps (N,C,h,w), each of mean 0 and norm 1 where it shows anything."""
    (side, _), (height, width) = filters.kernel_size, maps.shape[2:]
    low = min(side // 2, (height - 1) // 2)  # patches reach over the border only where the map is tiny
    padded = F.pad(maps, [side // 2] * 4)
    count = len(maps)
    rows, columns = (
        torch.randint(low, size - low, (count, PATCHES), generator=random, device=maps.device)
        for size in (height, width)
    )
    steps = torch.arange(side, device=maps.device)
    number = torch.arange(count, device=maps.device)[:, None, None, None]
    y, x = (rows[..., None] + steps)[..., None], (columns[..., None] + steps)[..., None, :]
    patches = padded.permute(0, 2, 3, 1)[number, y, x].permute(0, 1, 4, 2, 3).reshape(count * PATCHES, -1)
    centred = patches - patches.mean(1, keepdim=True)
    normal: Tensor = centred / centred.norm(dim=1, keepdim=True).clamp(min=0.1)
    return normal


def whitening(patches: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean (D,) and the symmetric matrix (D,D) that gives patches (M,D) about unit covariance."""
    mean = patches.mean(0)
    values, vectors = torch.linalg.eigh((patches - mean).T @ (patches - mean) / len(patches))
    scale = (values.clamp(min=0) + _FLOOR * values.mean()).rsqrt()
    return mean, vectors * scale @ vectors.T


def directions(points: Tensor, count: int, random: torch.Generator) -> tuple[Tensor, float]:
    """Cluster points (M,D) by direction (spherical k-means): unit centres (count,D), and the mean of 1 - cosine.

    A centre that no point is nearest to moves to a random point.
    """
    points = F.normalize(points)
    centers = points[torch.randperm(len(points), generator=random, device=points.device)[:count]]
    centers = F.pad(centers, (0, 0, 0, count - len(centers)))
    for _ in range(ROUNDS):
        nearest = (points @ centers.T).max(1)
        sums = torch.zeros_like(centers).index_add_(0, nearest.indices, points)
        empty = torch.bincount(nearest.indices, minlength=count) == 0
        again = torch.randint(len(points), (count,), generator=random, device=points.device)
        centers = torch.where(empty[:, None], points[again], F.normalize(sums))
    return centers, float(1 - (points @ centers.T).max(1).values.mean())
