"""JPEGs whose components have any size that the standard allows."""

import io
from dataclasses import replace

import numpy as np
from PIL import Image

from workers.pipeline.formats.jpeg.file import BASELINE, DQT, SOS, Component, Frame, JpegFile


def sampled(pixels: np.ndarray, factors: list[tuple[int, int]]) -> bytes:
    """A JPEG whose components have these factors across and down, from planes that libjpeg codes one by one."""
    image = Image.fromarray(pixels).convert("YCbCr")
    most = [max(f[i] for f in factors) for i in range(2)]
    size = image.width * most[0], image.height * most[1]
    components, segments = [], []
    for number, (plane, (across, down)) in enumerate(zip(image.split(), factors, strict=True), 1):
        file = io.BytesIO()
        whole = plane.resize((image.width * across, image.height * down), Image.Resampling.BILINEAR)
        whole.save(file, "JPEG", quality=95, optimize=True)
        part = JpegFile.read(file.getvalue())
        components.append(Component(number, across, down, 0))
        if number == 1:
            segments += [s for s in part.coding if s.marker == DQT]
        for segment in part.coding:
            if segment.marker == SOS:
                segment = replace(segment, payload=b"\1" + bytes([number]) + segment.payload[2:])
            if segment.marker != DQT:
                segments.append(segment)
    frame = Frame(BASELINE, 8, size[1], size[0], tuple(components))
    return bytes(JpegFile(frame, tuple(segments), complete=True))
