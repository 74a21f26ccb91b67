"""Which photographs a `colorize` run takes, and where each result goes."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from photochrom.errors import PhotochromError
from photochrom.photo.names import ALIASES, suffix_of
from photochrom.photo.options import OutputFormat
from photochrom.photo.sniff import HEAD_BYTES, PhotoFormat, sniff

from .targets import Targets
from .walk import Found, Walk, identity_of

_SUFFIXES: dict[OutputFormat, str] = {
    kind: PhotoFormat(kind.value).extension for kind in OutputFormat if kind is not OutputFormat.SAME
}
_FORMATS = {suffix: kind for kind, suffix in _SUFFIXES.items()}
_FORMATS |= {alias: _FORMATS[suffix] for alias, suffix in ALIASES.items() if suffix in _FORMATS}
# The namespace of the note that each result has in its metadata.
_MARK = b"urn:photochrom:xmp:"


@dataclass(frozen=True)
class Item:
    """One photograph of a run."""

    source: Path
    target: Path
    replace: bool = False
    """Whether the target was there when the run was planned, and may be replaced."""


@dataclass(frozen=True)
class Plan:
    """What a run will do."""

    items: tuple[Item, ...]
    there: tuple[Item, ...] = ()
    """Those whose target is there already, and stays."""
    not_photographs: int = 0
    found: tuple[Found, ...] = ()
    """What is left out, or goes by another name, and should be heard of."""

    @property
    def already_there(self) -> int:
        """How many there are already."""
        return len(self.there)


class CannotPlan(PhotochromError):
    """Source and target do not fit together."""

    code = "cannot-plan"


def make_plan(
    source: Path, target: Path, output_format: OutputFormat, *, force: bool, into_folder: bool = False
) -> Plan:
    """Pair every photograph with its target; `into_folder` where the target is a folder that need not be there.

    Raises:
        CannotPlan: the target would overwrite a source, a file is where a folder should be, or it is no file.
    """
    if str(target) == "-":
        raise CannotPlan(
            "Results are not written to standard output; name a file, or ./- for one of that name."
        )
    if (source.is_dir() or into_folder) and target.exists() and not target.is_dir():
        raise CannotPlan(f"{target} is a file; name a folder for the results.")
    if source.is_dir():
        return _folder_plan(source, target, output_format, force=force)
    if target.is_dir() or into_folder:
        name = Path(source.name)
        target = target / Targets(target, [(name, _result_suffix(source, output_format))]).of[name]
    _refuse_overwriting_sources([Item(source, target)])
    return _without_finished([Item(source, target)], force=force)


def format_for(target: Path, asked: OutputFormat) -> OutputFormat:
    """Return the format for a single file: the one its name says, unless another was asked for.

    Raises:
        CannotPlan: name and asked format contradict each other, or Photochrom does not write what the name asks for.
    """
    named = _FORMATS.get(target.suffix.lower())
    if not named and (suffix_of(target.name) or _may_be_a_suffix(target.suffix)):
        known = ", ".join(_SUFFIXES.values())
        raise CannotPlan(f"Photochrom does not write {target.suffix}; name the result with one of {known}.")
    if asked is OutputFormat.SAME:
        return named or asked
    if named and named is not asked:
        raise CannotPlan(f"{target.name} is not a name for {asked}; drop --format or change the name.")
    return asked


def _may_be_a_suffix(end: str) -> bool:
    """A format that we do not know has letters in its suffix; a date has none."""
    return 2 <= len(end) <= 5 and end[1:].isascii() and end[1:].isalnum() and not end[1:].isdecimal()


def _folder_plan(source: Path, target: Path, output_format: OutputFormat, *, force: bool) -> Plan:
    walk = Walk(source, target)
    photographs = [path for path in walk.files if is_photograph(path)]
    suffixes = {path: _result_suffix(path, output_format) for path in photographs}
    taken: list[Path] = []
    earlier: list[Found] = []
    if identity_of(target) == identity_of(source):
        earlier = _earlier_results(suffixes)
        for found in earlier:
            del suffixes[found.source]
        # The originals lie where the results go; without a format each would be its own result, and is refused.
        taken = [] if output_format is OutputFormat.SAME else [path.relative_to(source) for path in suffixes]
    named = Targets(target, [(path.relative_to(source), suffix) for path, suffix in suffixes.items()], taken)
    items = [Item(path, target / named.of[path.relative_to(source)]) for path in suffixes]
    _refuse_overwriting_sources(items)
    plan = _without_finished(items, force=force)
    theirs = {item.target for item in items}
    told = [found for found in earlier if found.source not in theirs]
    told += [_other_name(item) for item in plan.items if item.source.relative_to(source) in named.moved]
    others = len(walk.files) - len(photographs)
    return Plan(plan.items, plan.there, others, (*walk.found, *told))


def _earlier_results(suffixes: dict[Path, str]) -> list[Found]:
    """Return the results of earlier runs among photographs that lie in the same folder."""
    of_results = {suffix for path, suffix in suffixes.items() if suffix != suffix_of(path.name)}
    return [
        Found(path, "It is a result of Photochrom already; left out.")
        for path in suffixes
        if suffix_of(path.name) in of_results and _is_ours(path)
    ]


def _is_ours(path: Path) -> bool:
    try:
        return _MARK in path.read_bytes()
    except OSError:
        return False


def _other_name(item: Item) -> Found:
    return Found(
        item.source,
        f"Its result is called {item.target.name}, because another photograph's result has its name.",
    )


def _without_finished(items: Sequence[Item], *, force: bool) -> Plan:
    # `os.path`: pathlib's raises where a name is too long, and the run itself is to say so.
    there = {item: os.path.exists(item.target) for item in items}  # noqa: PTH110
    wanted = tuple(
        Item(item.source, item.target, replace=os.path.lexists(item.target))
        for item in items
        if force or not there[item]
    )
    return Plan(wanted, tuple(item for item in items if not force and there[item]))


def is_photograph(path: Path) -> bool:
    """Return whether a file is worth a try: one that is damaged is, a text beside the photographs is not."""
    try:
        with path.open("rb") as file:
            sniff(file.read(HEAD_BYTES))
    except PhotochromError:
        # An image that is damaged or not read is worth an error, a text file beside the photographs is not.
        return suffix_of(path.name) != ""
    except OSError:
        return True  # the run itself says why it cannot be read
    return True


def _result_suffix(source: Path, output_format: OutputFormat) -> str:
    """Return the suffix of a result; what is read and not written unasked gets that of what it becomes."""
    own = suffix_of(source.name)
    if output_format is OutputFormat.SAME and (kind := _format_of(source)) and kind.result is not kind:
        output_format = OutputFormat(kind.result.value)
    suffix = _SUFFIXES.get(output_format)
    return own if suffix is None or _FORMATS.get(own.lower()) is output_format else suffix


def _format_of(path: Path) -> PhotoFormat | None:
    try:
        with path.open("rb") as file:
            return sniff(file.read(HEAD_BYTES))
    except (PhotochromError, OSError):
        return None


def _refuse_overwriting_sources(items: Iterable[Item]) -> None:
    items = list(items)
    originals = {identity_of(item.source) for item in items} - {None}
    for item in items:
        if identity_of(item.target) in originals:
            raise CannotPlan(f"{item.target} is the original itself; give the results another place.")
