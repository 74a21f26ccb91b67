"""The word that leaves an option to the photograph, beside numbers or truth values."""

from typing import Annotated, Literal

from pydantic import Tag, WithJsonSchema

Auto = Annotated[
    Literal["auto"],
    # Clients that are generated of a `const` in a union take no other value for true.
    WithJsonSchema({"type": "string", "enum": ["auto"]}),
    Tag("auto"),
]
