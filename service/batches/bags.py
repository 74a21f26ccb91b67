"""The tag files of a bag (BagIt 1.0, RFC 8493): what an archive checks a delivery by."""

import hashlib
from dataclasses import dataclass, field

from photochrom import __version__
from photochrom.batches.record import BatchRecord
from photochrom.times import utc_now

from .plain import plain

_DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
PAYLOAD = "data/"


@dataclass
class Bag:
    """What the payload holds so far; its hashes come from the records, so nothing is read twice."""

    batch: BatchRecord
    lines: list[str] = field(default_factory=list)
    octets: int = 0

    def add(self, name: str, sha256: str, size: int) -> None:
        """Enter a file below `data/`."""
        self.lines.append(f"{sha256}  {PAYLOAD}{name}\n")
        self.octets += size

    def tag_files(self) -> dict[str, str]:
        """Return the tag files by name, the manifest of themselves last."""
        about = {
            "Bag-Software-Agent": f"Photochrom {__version__}",
            "Bagging-Date": utc_now().date().isoformat(),
            "External-Identifier": self.batch.id,
            "External-Description": " ".join(plain(self.batch.name).split()),
            "Payload-Oxum": f"{self.octets}.{len(self.lines)}",
        }
        files = {
            "bagit.txt": _DECLARATION,
            "bag-info.txt": "".join(f"{key}: {value}\n" for key, value in about.items() if value),
            "manifest-sha256.txt": "".join(self.lines),
        }
        own = "".join(
            f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in files.items()
        )
        return {**files, "tagmanifest-sha256.txt": own}


def safe_name(name: str) -> str:
    """Return the name without percent signs: RFC 8493 has them encoded, and not every validator decodes them."""
    return name.replace("%", "_")
