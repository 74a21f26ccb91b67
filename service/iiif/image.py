"""The Image API 3 at level 0: what a picture's info.json says, and which tile an address asks for."""

import re
from typing import Any

from photochrom.photo.tiles import TILE, Tiling

CONTEXT = "http://iiif.io/api/image/3/context.json"
_REGION = re.compile(r"(\d{1,9}),(\d{1,9}),(\d{1,9}),(\d{1,9})", re.ASCII)
_SIZE = re.compile(r"(\d{1,9})?,(\d{1,9})?", re.ASCII)


def info(address: str, tiling: Tiling) -> dict[str, Any]:
    """Return the info.json of a picture whose base address this is."""
    whole, least = tiling.whole, tiling.level(tiling.factors[-1])
    return {
        "@context": CONTEXT,
        **service(address),
        "protocol": "http://iiif.io/api/image",
        "width": tiling.width,
        "height": tiling.height,
        # `full/max` is then no larger than this.
        **({"maxWidth": max(whole)} if whole != (tiling.width, tiling.height) else {}),
        "sizes": [{"width": width, "height": height} for width, height in sorted({least, whole})],
        "tiles": [{"width": TILE, "scaleFactors": tiling.factors}],
    }


def service(address: str) -> dict[str, Any]:
    """Return how a manifest names it."""
    return {"id": address, "type": "ImageService3", "profile": "level0"}


def number_of(tiling: Tiling, region: str, size: str) -> int | None:
    """Return the place of the tile that an address asks for; None where there is none."""
    given, wanted = _REGION.fullmatch(region), _SIZE.fullmatch(size)
    if (given is None and region != "full") or (size != "max" and (wanted is None or size == ",")):
        return None
    part = (int(given[1]), int(given[2]), int(given[3]), int(given[4])) if given else None
    shown = (int(wanted[1] or 0), int(wanted[2] or 0)) if wanted else None
    return tiling.number(part, shown)
