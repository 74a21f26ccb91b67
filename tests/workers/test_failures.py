"""What a record says of an error: its code, and nothing of what is inside."""

import errno
import signal

import pytest

from photochrom.errors import UnreadablePhoto
from workers.failures import OutOfMemory, PhotoCrashed, PhotoHung, explained


@pytest.mark.parametrize(
    ("met", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "storage-full"),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"), "storage-full"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), "internal-error"),
        (UnreadablePhoto("The PNG is damaged."), "unreadable-photo"),
        (MemoryError(), "out-of-memory"),
        (OutOfMemory(), "out-of-memory"),
        (PhotoCrashed(-signal.SIGSEGV), "photo-crashed"),
        (PhotoHung(), "photo-hung"),
    ],
)
def test_an_error_is_told_under_its_code_in_a_sentence(met: Exception, code: str) -> None:
    told = explained(met)
    assert told.code == code
    assert told.detail.endswith(".")


def test_a_crash_tells_its_signal_or_exit_code() -> None:
    assert "SIGSEGV" in str(PhotoCrashed(-signal.SIGSEGV))
    assert "exit code 3" in str(PhotoCrashed(3))
    assert "signal 42" in str(PhotoCrashed(-42))
