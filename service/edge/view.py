"""What the models of all answers have in common."""

from pydantic import BaseModel, ConfigDict


class View(BaseModel):
    """An answer: its fields are always there, also those with defaults, and may be called `model_...`."""

    model_config = ConfigDict(protected_namespaces=(), json_schema_serialization_defaults_required=True)
