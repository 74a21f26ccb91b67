"""Lists in forms and queries."""

import json

from pydantic import BeforeValidator


def json_list(example: str) -> BeforeValidator:
    """Return a validator that takes a list also as JSON, which is how forms and queries carry it.

    Its `ValueError` shows the example.
    """

    def parse(value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError(f"must be a JSON list like {example}") from None

    return BeforeValidator(parse)
