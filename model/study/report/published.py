"""Figures of others at full scale, to hold ours against: AlexNet, 1.3 million photographs, weeks of a GPU."""

from typing import NamedTuple


class Published(NamedTuple):
    """One row: percent, None where the paper has none."""

    way: str
    voc_classes: float | None  # VOC 2007 classification, mAP, fine-tuned
    voc_pixels: float | None  # VOC 2012 segmentation, mIU, fine-tuned
    probe: float | None  # ImageNet top-1, linear probe of conv5
    papers: str


PUBLISHED = (
    Published("labels", 79.9, 48.0, 50.5, "Krizhevsky 2012, by Larsson 2017 and Zhang 2017"),
    Published("colorization, hue and chroma", 65.9, 38.4, None, "Larsson 2017"),
    Published("colorization, classes", 65.9, 35.6, 32.0, "Zhang 2016, 2017"),
    Published("colorization, regression", None, None, 30.1, "Zhang 2017"),
    Published("split-brain: two halves, each finds the other's channels", 67.1, 36.0, 32.8, "Zhang 2017"),
    Published("the same two tasks in one network", None, None, 21.1, "Zhang 2017"),
    Published("k-means, layer by layer", 56.6, 32.6, 20.6, "Krähenbühl 2016, by Zhang 2017"),
    Published("denoising autoencoder", None, None, 12.3, "Zhang 2017"),
    Published("autoencoder", 53.8, 25.2, 11.5, "Pathak 2016, Zhang 2017"),
    Published("random initialisation", 53.3, 19.8, 14.1, "Pathak 2016, Zhang 2017"),
)
"""In the order of the table."""

PAPERS = {
    "Krähenbühl 2016": "P. Krähenbühl, C. Doersch, J. Donahue, T. Darrell: Data-dependent initializations of "
    "convolutional neural networks. ICLR 2016.",
    "Larsson 2016": "G. Larsson, M. Maire, G. Shakhnarovich: Learning representations for automatic colorization. ECCV "
    "2016.",
    "Larsson 2017": "G. Larsson, M. Maire, G. Shakhnarovich: Colorization as a proxy task for visual understanding. "
    "CVPR 2017.",
    "Pathak 2016": "D. Pathak and others: Context encoders: feature learning by inpainting. CVPR 2016.",
    "Zhang 2016": "R. Zhang, P. Isola, A. Efros: Colorful image colorization. ECCV 2016.",
    "Zhang 2017": "R. Zhang, P. Isola, A. Efros: Split-brain autoencoders: unsupervised learning by cross-channel "
    "prediction. CVPR 2017.",
    "Noroozi 2016": "M. Noroozi, P. Favaro: Unsupervised learning of visual representations by solving jigsaw puzzles. "
    "ECCV 2016.",
    "Gidaris 2018": "S. Gidaris, P. Singh, N. Komodakis: Unsupervised representation learning by predicting image "
    "rotations. ICLR 2018.",
    "Doersch 2017": "C. Doersch, A. Zisserman: Multi-task self-supervised visual learning. ICCV 2017.",
    "Goyal 2019": "P. Goyal and others: Scaling and benchmarking self-supervised visual representation learning. ICCV "
    "2019.",
}
"""What the short names stand for."""

LATER = (
    "Larger networks came later: with ResNet-50 colorization reaches 40.1, jigsaw 46.6 and rotation 48.2 "
    "(linear probe; Goyal 2019). Four tasks together reach 69.3 (top-5) where colorization alone reaches 62.5 "
    "(Doersch 2017)."
)
