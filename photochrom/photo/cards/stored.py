"""A card that an exported network carries in its ONNX metadata."""

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from ...errors import ModelRejected


class StoredCard(BaseModel):
    """What a file promises, as JSON under one key of its metadata; each kind of network has a class of its own.

    Class attributes:
        stored_as: the key.
        missing: the sentence for a file without the key.
        called: what the card is called in sentences.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stored_as: ClassVar[str]
    missing: ClassVar[str]
    called: ClassVar[str]

    def to_metadata(self) -> dict[str, str]:
        """Return the entries for the ONNX `metadata_props`."""
        return {self.stored_as: self.model_dump_json()}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> Self:
        """Read the card back; raise `ModelRejected` where it is missing or not valid."""
        try:
            return cls.model_validate_json(metadata[cls.stored_as])
        except KeyError:
            raise ModelRejected(cls.missing) from None
        except ValidationError as error:
            raise ModelRejected(f"{cls.called} is not valid: {error}") from error
