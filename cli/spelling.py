"""Numbers of the command line: what is one, `photochrom.numerals` says for every text alike."""

from copy import copy
from functools import partial
from typing import Any

from typer.core import TyperGroup

from photochrom.numerals import is_json_number


class Commands(TyperGroup):
    """Commands that refuse numbers of other spellings, with the sentence for what is no number at all."""

    def __init__(self, **given: Any) -> None:
        """Make the group of its commands, which are whole already."""
        super().__init__(**given)
        for command in self.commands.values():
            for parameter in command.params:
                # The types are shared by all options of a kind.
                kind, parameter.type = parameter.type, copy(parameter.type)
                parameter.type.convert = partial(_converted, kind)  # type: ignore[method-assign]


def _converted(kind: Any, given: Any, *where: Any) -> Any:
    found = kind.convert(given, *where)
    if not is_json_number(given, found):
        kind.fail(f"{given!r} is not a valid {kind.name}.", *where)
    return found
