"""Which storage the settings ask for."""

from ..settings import SharedSettings
from .storage import LocalStorage, Storage


def open_storage(settings: SharedSettings) -> Storage:
    """Return the object store of `PHOTOCHROM_STORAGE`, or the folder in the data folder."""
    if not settings.storage:
        return LocalStorage(settings.photos_dir())
    # Loaded only where it is used: it is a library of 20 MB.
    from .object_storage import ObjectStorage

    return ObjectStorage(settings, settings.scratch_dir())
