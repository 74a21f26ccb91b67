"""Another installation's photographs in a storage, and what a service leaves of them."""

import os
import time
from pathlib import Path
from typing import cast

from redis import Redis

from photochrom.ids import new_id
from photochrom.storage.keys import original_key
from support.waiting import wait_for


def others_photographs(data: Path, count: int) -> set[str]:
    """Photographs of an installation whose queue is not here, three hours old, and one that never was ours."""
    keys = {original_key(new_id(), "0" * 64, ".jpg") for _ in range(count)} | {"holiday/mum.jpg"}
    for key in keys:
        path = data / "photos" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        os.utime(path, (time.time() - 3 * 3600,) * 2)
    return keys


def kept(data: Path) -> set[str]:
    """Return the keys of all files. Folders may go meanwhile: `rglob` would raise."""
    photos = data / "photos"
    return {
        (Path(folder) / name).relative_to(photos).as_posix()
        for top in ("originals", "results", "holiday")
        for folder, _, names in os.walk(photos / top)
        for name in names
    }


def looked(data: Path, until: str = "owned") -> dict[bytes, bytes]:
    """Have the workers look for files that no job names, now; return what they found."""
    redis = Redis.from_url((data / "queue" / "address").read_text())
    wait_for(lambda: redis.exists("maintenance:seen"), 30, "the first round")
    redis.delete("findings", "maintenance:orphans")
    wait_for(lambda: redis.hexists("findings", until), 30, "a look")
    return cast("dict[bytes, bytes]", redis.hgetall("findings"))
