"""One set of colours for `photochrom colorize`: a request of `local` with `"task": "series"`, and its answer.

Request: `{"task": "series", "source": path, "sights": {path of a photograph: path of what it shows}}`. The answer is
one event, `series`, with `series`: what each of them is to know, by its path, those that are alone left out.
"""

from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from photochrom.errors import ObjectNotFound
from photochrom.files import sha256_of
from photochrom.photo.sight import Sight

from .child.colorist import Colorist
from .series.form import form

_IN_MEMORY = 2048
"""Sights, of 17 KB each."""


def form_series(request: dict[str, Any], _: Colorist) -> Iterator[dict[str, Any]]:
    """Form the series of a folder; raises `OSError` where a photograph has gone."""
    sights: dict[str, str] = request["sights"]

    @lru_cache(_IN_MEMORY)
    def sight(name: str) -> Sight:
        return Sight.from_bytes(Path(sights[name]).read_bytes())

    readable = []
    for name in sights:
        with suppress(ObjectNotFound):
            sight(name)
            readable.append(name)
    digests = {name: sha256_of(Path(name)) for name in readable}
    # By what they are, as in a batch: no order of arrival counts.
    names = sorted(readable, key=lambda name: (digests[name], name))
    told = {
        name: series.model_dump(mode="json")
        for group in form(names, sight)
        for name, series in group.told(digests.__getitem__)
    }
    yield {"event": "series", "source": request["source"], "series": told}
