"""Which photographs a `colorize` run takes, and where each result goes."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from photochrom.errors import PhotochromError
from photochrom.photo.options import OutputFormat
from photochrom.photo.sniff import HEAD_BYTES, PhotoFormat, sniff

_SUFFIXES: dict[OutputFormat, str] = {
    kind: PhotoFormat(kind.value).extension for kind in OutputFormat if kind is not OutputFormat.SAME
}
_ALIASES = {".jpeg": ".jpg", ".tiff": ".tif", ".heif": ".heic", ".j2k": ".jp2", ".jpx": ".jp2"}
_FORMATS = {suffix: kind for kind, suffix in _SUFFIXES.items()}
_FORMATS |= {alias: _FORMATS[suffix] for alias, suffix in _ALIASES.items()}
_READ_ONLY = {".bmp", ".dib", ".gif", ".pbm", ".pgm", ".pnm", ".ppm"}
# Image formats that Photochrom does not read: the run names each such file. Other files it only counts.
_OTHER_IMAGE = re.compile(
    r"\.(3fr|arw|cr2|cr3|crw|dng|erf|fff|iiq|kdc|mrw|nef|orf|pef|raf|raw|rw2|srw|x3f|dcx|dds|djvu|eps|exr|fits|hdr|ico"
    r"|jls|jng|jxl|jxr|pam|pcd|pct|pcx|pfm|pict|psb|psd|qoi|ras|sgi|tga|wdp|xcf)"
)


@dataclass(frozen=True)
class Item:
    """One photograph of a run."""

    source: Path
    target: Path


@dataclass(frozen=True)
class Plan:
    """What a run will do."""

    items: tuple[Item, ...]
    already_there: int = 0
    not_photographs: int = 0


class CannotPlan(PhotochromError):
    """Source and target do not fit together."""

    code = "cannot-plan"


def make_plan(source: Path, target: Path, output_format: OutputFormat, *, force: bool) -> Plan:
    """Pair every photograph with its target.

    Raises:
        CannotPlan: the target would overwrite a source, or two photographs would share one target.
    """
    if source.is_dir():
        return _folder_plan(source, target, output_format, force=force)
    if target.is_dir():
        target = target / _renamed(Path(source.name), output_format, source)
    _refuse_overwriting_sources([Item(source, target)])
    return _without_finished([Item(source, target)], force=force)


def format_for(target: Path, asked: OutputFormat) -> OutputFormat:
    """Return the format for a single file: the one its name says, unless another was asked for.

    Raises:
        CannotPlan: name and asked format contradict each other, or Photochrom does not write what the name asks for.
    """
    named = _FORMATS.get(target.suffix.lower())
    if target.suffix and not named:
        known = ", ".join(_SUFFIXES.values())
        raise CannotPlan(f"Photochrom does not write {target.suffix}; name the result with one of {known}.")
    if asked is OutputFormat.SAME:
        return named or asked
    if named and named is not asked:
        raise CannotPlan(f"{target.name} is not a name for {asked}; drop --format or change the name.")
    return asked


def _folder_plan(source: Path, target: Path, output_format: OutputFormat, *, force: bool) -> Plan:
    if target.exists() and not target.is_dir():
        raise CannotPlan(f"{target} is a file; a folder of photographs needs a folder for its results.")
    photographs, others = _split(_files(source, target))
    items = [
        Item(path, target / _renamed(path.relative_to(source), output_format, path)) for path in photographs
    ]
    _refuse_overwriting_sources(items)
    _refuse_shared_targets(items)
    return _without_finished(items, force=force, not_photographs=others)


def _without_finished(items: Sequence[Item], *, force: bool, not_photographs: int = 0) -> Plan:
    wanted = tuple(item for item in items if force or not item.target.exists())
    return Plan(wanted, already_there=len(items) - len(wanted), not_photographs=not_photographs)


def _files(folder: Path, target: Path) -> Iterator[Path]:
    # Results of an earlier run inside the folder are not originals; a target around it excludes nothing.
    results = target.resolve() if folder.resolve() in target.resolve().parents else None
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and results not in path.resolve().parents:
            yield path


def _split(paths: Iterable[Path]) -> tuple[list[Path], int]:
    paths = list(paths)
    photographs = [path for path in paths if _is_photograph(path)]
    return photographs, len(paths) - len(photographs)


def _is_photograph(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            sniff(file.read(HEAD_BYTES))
    except PhotochromError:
        # An image that is damaged or not read is worth an error, a text file beside the photographs is not.
        suffix = path.suffix.lower()
        return suffix in _FORMATS or suffix in _READ_ONLY or _OTHER_IMAGE.fullmatch(suffix) is not None
    except OSError:
        return True  # the run itself says why it cannot be read
    return True


def _renamed(name: Path, output_format: OutputFormat, source: Path) -> Path:
    """The name of a result; what is read and not written unasked gets the name of what it becomes."""
    if output_format is OutputFormat.SAME and (kind := _format_of(source)) and kind.result is not kind:
        output_format, extension = OutputFormat(kind.result.value), kind.result.extension
        # A telephone's IMG_1.HEIC lies beside its IMG_1.JPG.
        if any(source.with_suffix(beside).exists() for beside in (extension, extension.upper())):
            return name.with_name(name.name + extension)
    suffix = _SUFFIXES.get(output_format)
    keep = suffix is None or _FORMATS.get(name.suffix.lower()) is output_format
    return name if keep else name.with_suffix(str(suffix))


def _format_of(path: Path) -> PhotoFormat | None:
    try:
        with path.open("rb") as file:
            return sniff(file.read(HEAD_BYTES))
    except (PhotochromError, OSError):
        return None


def _refuse_overwriting_sources(items: Iterable[Item]) -> None:
    for item in items:
        if item.target.exists() and item.target.samefile(item.source):
            raise CannotPlan(f"{item.target} is the original itself; give the results another place.")


def _refuse_shared_targets(items: Iterable[Item]) -> None:
    seen: dict[Path, Path] = {}
    for item in items:
        if (first := seen.setdefault(item.target, item.source)) is not item.source:
            raise CannotPlan(f"{first} and {item.source} would both become {item.target}; drop --format.")
