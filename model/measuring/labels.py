"""The labels of the photographs, for the judge's top-1: a file of ImageNet classes by photograph."""

import csv
import io
import json
from pathlib import Path

from photochrom.errors import PhotoRejected

from .judge import CLASSES


def read_labels(path: Path) -> dict[str, int]:
    """Return the ImageNet class index (0..999) by the photograph's name.

    The file is a JSON object `{"cats/one.jpg": 281, ...}` or a CSV with the columns `photo,class`; names are
    those of the evaluation's own CSV: paths inside the folder or the tar.

    Raises:
        PhotoRejected: the file cannot be read, or a class is not a whole number from 0 to 999.
    """
    try:
        text = path.read_text()
        labels = _json(text) if path.suffix.lower() == ".json" else _csv(text)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PhotoRejected(
            f"The labels {path} are not valid: expected a JSON object of name: class, or a CSV with the "
            f"columns photo,class ({type(error).__name__}: {error})."
        ) from error
    for name, index in labels.items():
        if not 0 <= index < CLASSES:
            raise PhotoRejected(
                f"The labels {path} give {name!r} the class {index}; ImageNet's are 0 to 999."
            )
    return labels


def _json(text: str) -> dict[str, int]:
    return {str(name): _whole(index) for name, index in json.loads(text).items()}


def _csv(text: str) -> dict[str, int]:
    return {row["photo"]: _whole(row["class"]) for row in csv.DictReader(io.StringIO(text))}


def _whole(index: object) -> int:
    if isinstance(index, float | bool):
        raise TypeError(f"{index!r} is not a class index")
    return int(str(index))
