"""Numbers that come as text, from forms, queries, environment and command line: what JSON calls a number, and `.5`.

Python and pydantic read more: `1_0`, ` 5`, `+5`, `Infinity`, digits of every script, and `true` as 1. Whoever sends
these did not mean what would be read; whoever types `.5` did.
"""

import re

_NUMBER = re.compile(r"-?((0|[1-9][0-9]*)(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"0|[1-9][0-9]{0,17}")


def is_json_number(given: object, found: object) -> bool:
    """Return whether `found`, which was read from `given`, is what JSON says there; true where it is no number."""
    if isinstance(found, list | tuple) and isinstance(given, list | tuple):
        return all(map(is_json_number, given, found))
    if isinstance(found, bool) or not isinstance(found, int | float):
        return True
    return _NUMBER.fullmatch(given) is not None if isinstance(given, str) else not isinstance(given, bool)


def number(text: str) -> float:
    """Read a number.

    Raises:
        ValueError: it is none.
    """
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is not a number")
    return float(text)


def whole_number(text: str) -> int:
    """Read a number from 0 up.

    Raises:
        ValueError: it is none.
    """
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)
