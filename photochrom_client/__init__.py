"""A typed client of the Photochrom API.

    from photochrom_client import Client

    with Client("http://127.0.0.1:8000") as client:
        client.colorize("grey.jpg", "colour.jpg")

Every method is safe to call again, whatever happened before, and retries errors that may be temporary. Errors are
`PhotochromError`s: an `ApiError` when the server refused, a `ConnectionFailed` when no server answered.
"""

from photochrom.batches.record import BatchState
from photochrom.errors import PhotochromError
from photochrom.jobs.states import JobState
from photochrom.photo.film import Film, FilmUsed, Light
from photochrom.photo.frames import Frame
from photochrom.photo.options import ColorizeOptions, OutputFormat

from .client import Client
from .errors import (
    ApiError,
    ClientClosed,
    Conflict,
    ConnectionFailed,
    DownloadBroken,
    Expired,
    Forbidden,
    InvalidRequest,
    JobFailed,
    NotFound,
    ServerFault,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    UnsupportedMedia,
    WaitedTooLong,
)
from .models import (
    AlbumPage,
    Allowance,
    ArchiveReport,
    Batch,
    Job,
    Limits,
    Original,
    Proposals,
    ProposedHint,
    Quota,
    Result,
)
from .retries import Retries

__all__ = [
    "AlbumPage",
    "Allowance",
    "ApiError",
    "ArchiveReport",
    "Batch",
    "BatchState",
    "Client",
    "ClientClosed",
    "ColorizeOptions",
    "Conflict",
    "ConnectionFailed",
    "DownloadBroken",
    "Expired",
    "Film",
    "FilmUsed",
    "Forbidden",
    "Frame",
    "InvalidRequest",
    "Job",
    "JobFailed",
    "JobState",
    "Light",
    "Limits",
    "NotFound",
    "Original",
    "OutputFormat",
    "PhotochromError",
    "Proposals",
    "ProposedHint",
    "Quota",
    "Result",
    "Retries",
    "ServerFault",
    "TooLarge",
    "TooManyRequests",
    "Unauthorized",
    "UnsupportedMedia",
    "WaitedTooLong",
]
