"""Measures of classifications, from counts: overall and for every class."""

import torch
from torch import Tensor


def confusion(given: Tensor, truth: Tensor, classes: int) -> Tensor:
    """Count (classes,classes) how often what is truly class i was called class j: row i, column j.

    Args:
        given: predicted classes, int64 of any shape.
        truth: true classes of the same shape; classes that do not exist (void) are left out.
        classes: how many there are.
    """
    known = (truth >= 0) & (truth < classes)
    pairs = truth[known] * classes + given[known]
    return torch.bincount(pairs.flatten(), minlength=classes**2).view(classes, classes)


def accuracy(counts: Tensor) -> float:
    """Return the share that was called by its class, 0..1, of counts as `confusion` gives them."""
    return float(counts.diagonal().sum() / counts.sum())


def class_iou(counts: Tensor) -> Tensor:
    """Return intersection over union of each class (classes,), 0..1; NaN of a class that neither has."""
    hits = counts.diagonal().double()
    return hits / (counts.sum(0) + counts.sum(1) - hits)


def mean_iou(counts: Tensor) -> float:
    """Return the mean of `class_iou` over the classes that occur."""
    return float(class_iou(counts).nanmean())
