"""Which storage the settings ask for."""

from pathlib import Path

from ..settings import SharedSettings
from .drafts import floor_of
from .storage import LocalStorage, Storage


def open_storage(settings: SharedSettings) -> Storage:
    """Return the object store of `PHOTOCHROM_STORAGE`, or the folder in the data folder."""
    return _opened(settings, 0)


def open_for_uploads(settings: SharedSettings) -> Storage:
    """Return the same for uploads and for what is cut: they leave a part of this machine's disk to jobs in progress."""
    # The disk that the uploads fill, which may be another than the data folder's.
    folder: Path = settings.scratch_dir() if settings.storage else settings.photos_dir()
    folder.mkdir(parents=True, exist_ok=True)
    return _opened(settings, floor_of(folder, settings.min_free_bytes))


def _opened(settings: SharedSettings, keep_free: int) -> Storage:
    if not settings.storage:
        return LocalStorage(settings.photos_dir(), keep_free)
    # Imported only if it is used: it is a library of 20 MB.
    from .object_storage import ObjectStorage

    return ObjectStorage(settings, settings.scratch_dir(), keep_free)
