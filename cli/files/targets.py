"""What each result is called: every photograph has a name of its own, wherever names are told apart."""

import os
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from itertools import count
from pathlib import Path

from photochrom.photo.names import folded, suffix_of, with_suffix

_Fold = Callable[[str], str]


class Targets:
    """Gives names in `folder`, and each only once. Those that keep their name come first."""

    def __init__(
        self, folder: Path, wanted: Collection[tuple[Path, str]], taken: Collection[Path] = ()
    ) -> None:
        """`wanted`: the path of each photograph in its folder, and the suffix that its result has.

        `taken` are paths within `folder` that no result may have.
        """
        self._folder = folder
        self._fold = _fold_of(folder) if _may_meet(wanted) else str
        self._taken = {self._fold(str(path)) for path in taken}
        self._folded = {folded(str(path)) for path in taken}
        self._claimed: set[tuple[int, int]] = set()
        self.moved: set[Path] = set()
        """Photographs whose result has another name than it would have alone."""
        renamed = lambda want: want[0].name != _name(want)  # noqa: E731
        self.of = {want[0]: self._free(*want) for want in sorted(wanted, key=renamed)}
        """The path of each result within the folder."""

    def _free(self, path: Path, suffix: str) -> Path:
        """Return the first of its possible names that nothing else has."""
        kept = path.name == _name((path, suffix))
        for name in _names(path.name, suffix):
            target = path.with_name(name)
            # A new name differs in more than case from all others; one's own name need not, where that is told apart.
            known = self._fold(str(target)) in self._taken if kept else folded(str(target)) in self._folded
            if not known and self._claim(target):
                self._taken.add(self._fold(str(target)))
                self._folded.add(folded(str(target)))
                return target
            self.moved.add(path)
            kept = False
        raise AssertionError("names are without end")

    def _claim(self, target: Path) -> bool:
        """Take a file that is there already; False if it has been taken under another name."""
        try:
            about = (self._folder / target).lstat()
        except OSError:
            return True
        identity = about.st_dev, about.st_ino
        if identity in self._claimed and about.st_nlink == 1:
            return False
        self._claimed.add(identity)
        return True


def _name(want: tuple[Path, str]) -> str:
    path, suffix = want
    return path.name if suffix_of(path.name) == suffix else with_suffix(path.name, suffix)


def _names(name: str, suffix: str) -> Iterator[str]:
    yield _name((Path(name), suffix))
    ending = suffix or suffix_of(name)
    yield with_suffix(name + ending, ending)
    yield from (with_suffix(name, f" ({number}){ending}") for number in count(2))


def _may_meet(wanted: Collection[tuple[Path, str]]) -> bool:
    keys = Counter(folded(str(want[0].with_name(_name(want)))) for want in wanted)
    return any(found > 1 for found in keys.values())


def _fold_of(folder: Path) -> _Fold:
    """Return what makes one of names that the folder takes for one: it is tried, with a file of a moment."""
    there = next(parent for parent in (folder.resolve(), *folder.resolve().parents) if parent.is_dir())
    try:
        with tempfile.NamedTemporaryFile(prefix=".photochrom-é-", dir=there) as file:
            path = Path(file.name)
            case = not os.path.lexists(path.with_name(path.name.replace("photochrom", "PHOTOCHROM")))
            form = not os.path.lexists(path.with_name(unicodedata.normalize("NFD", path.name)))
    except (OSError, ValueError):
        return folded  # nothing can be written now: all names differ in more
    return str if case and form else folded
