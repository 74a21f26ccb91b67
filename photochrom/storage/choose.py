"""Which storage the settings ask for."""

from pathlib import Path

from ..settings import SharedSettings
from .drafts import floor_of
from .storage import LocalStorage, Storage


def open_storage(settings: SharedSettings) -> Storage:
    """Return the object store of `PHOTOCHROM_STORAGE`, or the folder in the data folder."""
    return _opened(settings, 0)


def open_for_uploads(settings: SharedSettings, min_free_bytes: int | None) -> Storage:
    """Return the same for what comes in: it leaves a part of this machine's disk to what is at work."""
    # The disk that the uploads fill: it need not be the one of the data folder.
    folder: Path = settings.scratch_dir() if settings.storage else settings.photos_dir()
    folder.mkdir(parents=True, exist_ok=True)
    return _opened(settings, floor_of(folder, min_free_bytes))


def _opened(settings: SharedSettings, keep_free: int) -> Storage:
    if not settings.storage:
        return LocalStorage(settings.photos_dir(), keep_free)
    # Loaded only where it is used: it is a library of 20 MB.
    from .object_storage import ObjectStorage

    return ObjectStorage(settings, settings.scratch_dir(), keep_free)
