"""Have pydantic build the validators of models when they are first used, and not when they are defined."""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import BaseModel, ConfigDict


@contextmanager
def late_models() -> Iterator[None]:
    """Import what a process is made of in this context, besides `importing`: most of its models it never uses.

    That goes for those of libraries too: of the API's, FastAPI's models of an OpenAPI document take the longest. A
    model that was defined here is built by its first use, in any thread, and then as one that was built at once.
    """
    usual = BaseModel.model_config
    BaseModel.model_config = ConfigDict(**usual, defer_build=True)
    try:
        yield
    finally:
        BaseModel.model_config = usual
