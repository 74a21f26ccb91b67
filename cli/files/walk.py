"""The files of a folder, linked ones too: each folder once, and what cannot be looked into is told."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from photochrom.photo.names import suffix_of

Identity = tuple[int, int]


@dataclass(frozen=True)
class Found:
    """What a user should hear of a path that is not in the plan; with a code, it counts as failed."""

    source: Path
    detail: str
    code: str = ""


def identity_of(path: Path) -> Identity | None:
    """Return device and inode of what the path leads to; None if it leads to nothing."""
    try:
        about = path.stat()
    except (OSError, ValueError):
        return None
    return about.st_dev, about.st_ino


class Walk:
    """Looks through a folder; hidden files and folders are left out, and so is the folder of the results."""

    def __init__(self, folder: Path, results: Path) -> None:
        self._seen = {identity_of(folder)}
        # A target that is the folder itself, or around it, leaves nothing out.
        self._results = None if folder.resolve().is_relative_to(results.resolve()) else identity_of(results)
        self._links: list[Path] = []
        self.found: list[Found] = []
        """Links and folders that are left out."""
        self.files = sorted(self._all(folder))

    def _all(self, folder: Path) -> Iterator[Path]:
        yield from self._within(folder)
        # Links come last, so that a folder goes by its own name where it has one here.
        while self._links:
            link = self._links.pop(0)
            if self._is_new(link):
                yield from self._within(link)

    def _within(self, folder: Path) -> Iterator[Path]:
        try:
            with os.scandir(folder) as entries:
                paths = [folder / entry.name for entry in entries if not entry.name.startswith(".")]
        except OSError as error:
            self._tell(folder, f"The folder cannot be read: {error.strerror}.", "unreadable-folder")
            return
        for path in sorted(paths):
            if os.path.isdir(path):  # noqa: PTH112 - pathlib's raises where a path is too long
                yield from self._folder(path)
            elif os.path.isfile(path):  # noqa: PTH113
                yield path
            elif path.is_symlink():
                self._tell_broken(path)

    def _folder(self, path: Path) -> Iterator[Path]:
        if path.is_symlink():
            self._links.append(path)
        elif self._is_new(path):
            yield from self._within(path)

    def _is_new(self, folder: Path) -> bool:
        identity = identity_of(folder)
        if identity == self._results:
            return False
        if identity in self._seen:
            self._tell(
                folder, f"It leads to {folder.resolve()}, which is in this run already; left out here."
            )
            return False
        self._seen.add(identity)
        return True

    def _tell_broken(self, link: Path) -> None:
        said = f"It is a link to {os.readlink(link)}, which is not there"  # noqa: PTH115 - shown as it is written
        if suffix_of(link.name):
            self._tell(link, f"{said}; bring that back, or remove the link.", "broken-link")
        else:
            self._tell(link, f"{said}; left out.")

    def _tell(self, path: Path, detail: str, code: str = "") -> None:
        self.found.append(Found(path, detail, code))
