"""What is told of the items of a batch: `manifest.json` in its zip, and the lines of what failed."""

import json
import zlib
from collections.abc import Iterator
from typing import Any

from photochrom.batches.record import BatchRecord
from photochrom.jobs.record import JobRecord


def short_entry(record: JobRecord) -> dict[str, Any]:
    """Return an item's name, job and state, and why it failed."""
    entry: dict[str, Any] = {"item": record.item, "job": record.id, "state": record.state}
    if record.error is not None:
        entry |= {"code": record.error.code, "detail": record.error.detail}
    return entry


def full_entry(record: JobRecord) -> dict[str, Any]:
    """Return all that it takes to prove what a result was made of, and to make it again."""
    original, result = record.original, record.result
    entry = short_entry(record) | {
        "original_sha256": original.sha256,
        "original_bytes": original.bytes,
        "original_media_type": original.media_type,
    }
    if record.cut_from is not None:
        entry["cut_from"] = record.cut_from
    if result is None:
        return entry
    return entry | {
        "result_sha256": result.sha256,
        "result_bytes": result.bytes,
        "result_media_type": result.media_type,
        "options": json.loads(record.options.identity()),
        "reference_sha256": record.reference and record.reference.sha256,
        "repair_mask_sha256": record.repair_mask and record.repair_mask.sha256,
        "model": record.model and record.model.model_dump(mode="json"),
        "warnings": record.warnings,
        "finished_at": record.finished_at and record.finished_at.isoformat(),
    }


class Manifest:
    """The entries of a batch, kept packed until all are there: a tenth of their size, for they are much alike."""

    def __init__(self, batch: BatchRecord) -> None:
        """Begin with none."""
        self._head = json.dumps({"batch": batch.id, "name": batch.name}, ensure_ascii=False)[:-1]
        self._packer = zlib.compressobj(1)
        self._packed: list[bytes] = []
        self._empty = True

    def add(self, entry: dict[str, Any]) -> None:
        """Append one."""
        text = ("" if self._empty else ",\n") + json.dumps(entry, ensure_ascii=False)
        self._packed.append(self._packer.compress(text.encode()))
        self._empty = False

    def close(self) -> None:
        """Take no more."""
        self._packed.append(self._packer.flush())

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield the entries anew, as often as they are asked for; it is closed."""
        rest = b""
        for chunk in self._unpacked():
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (json.loads(line.removesuffix(b",")) for line in lines)
        if rest:
            yield json.loads(rest)

    def chunks(self) -> Iterator[bytes]:
        """Yield the file, as often as it is asked for; it is closed."""
        yield f'{self._head}, "items": [\n'.encode()
        yield from self._unpacked()
        yield b"\n]}\n"

    def _unpacked(self) -> Iterator[bytes]:
        unpacker = zlib.decompressobj()
        for packed in self._packed:
            if chunk := unpacker.decompress(packed):
                yield chunk
