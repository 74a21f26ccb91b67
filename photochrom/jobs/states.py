"""The states of a job, and which may follow which."""

from enum import StrEnum


class JobState(StrEnum):
    """The state of a job; succeeded, failed, canceled and expired are final until `:retry`."""

    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    CANCELING = "canceling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"


TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    # To succeeded from here on: it keeps the result that it has, made before its series was known.
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELED, JobState.FAILED, JobState.SUCCEEDED}),
    # Running to running: another worker takes over from a dead one, or the stage moves on.
    JobState.RUNNING: frozenset(
        {
            JobState.RUNNING,
            JobState.QUEUED,
            JobState.RETRYING,
            JobState.CANCELING,
            JobState.SUCCEEDED,
            JobState.FAILED,
        }
    ),
    JobState.RETRYING: frozenset({JobState.RUNNING, JobState.CANCELED, JobState.FAILED, JobState.SUCCEEDED}),
    # A job that finished before it saw the flag counts as succeeded.
    JobState.CANCELING: frozenset({JobState.CANCELED, JobState.SUCCEEDED}),
    # To queued: it is coloured once more, as one of its series.
    JobState.SUCCEEDED: frozenset({JobState.EXPIRED, JobState.QUEUED}),
    JobState.FAILED: frozenset({JobState.QUEUED}),
    JobState.CANCELED: frozenset({JobState.QUEUED}),
    JobState.EXPIRED: frozenset(),
}


UNFINISHED = (JobState.QUEUED, JobState.RUNNING, JobState.RETRYING, JobState.CANCELING)


WAITING = (JobState.QUEUED, JobState.RETRYING)
