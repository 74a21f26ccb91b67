"""The settings of a worker, from environment variables (`PHOTOCHROM_*`)."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from photochrom.errors import ModelRejected
from photochrom.processes.cores import usable_cores
from photochrom.settings import SharedSettings

from .network.gpu_memory import SESSION_MB
from .network.onnx_file import shipped
from .supervisor import (
    GRACE_SECONDS,
    HEARTBEAT_SECONDS,
    LEAST_HEARTBEAT_SECONDS,
    MEMORY_BYTES,
    ORPHAN_LIMIT,
)

SHIPPED_MODEL = shipped("photochrom.onnx")


def _holds_a_session(gpu_memory_mb: int) -> int:
    if 0 < gpu_memory_mb < SESSION_MB:
        raise ValueError(f"a prediction needs {SESSION_MB} MiB; give 0 for no limit, or that and more")
    return gpu_memory_mb


_NoneIfEmpty = Annotated[Path | None, BeforeValidator(lambda given: given or None)]
"""A file that may be left out: the empty text names none."""


class WorkerSettings(SharedSettings):
    """One worker process."""

    model_path: Annotated[Path, Field(description="An ONNX file exported by `model.export`.")] = SHIPPED_MODEL
    film_model_path: Annotated[
        _NoneIfEmpty,
        Field(
            description="A second such file, for photographs of old film; by default `film.onnx` beside the first, "
            "where there is one. Empty is none: then one model colours all. A file that is named must be there; so for "
            "the next three."
        ),
    ] = Path("film.onnx")
    recognizer_path: Annotated[
        _NoneIfEmpty,
        Field(
            description="An ONNX file exported by `model.recognizer`, which tells old film where `film=auto`; by "
            "default `recognizer.onnx` beside the model. Empty is none: then only the option `film` chooses."
        ),
    ] = Path("recognizer.onnx")
    turner_path: Annotated[
        _NoneIfEmpty,
        Field(
            description="An ONNX file exported by `model.turner`, which tells which way a photograph is up for "
            "`turn=auto`; by default `turner.onnx` beside the model. Empty is none: then such scans stay as they are."
        ),
    ] = Path("turner.onnx")
    finder_path: Annotated[
        _NoneIfEmpty,
        Field(
            description="An ONNX file exported by `model.repair.export`, which finds damage for `repair`; by default "
            "`finder.onnx` beside the model. Empty is none: then damage is found by its form."
        ),
    ] = Path("finder.onnx")
    album_path: Annotated[
        Path,
        Field(
            description="An ONNX file exported by `model.album.export`, which finds the photographs of album pages."
        ),
    ] = shipped("album.onnx")
    processes: Annotated[
        int, Field(ge=1, description="Worker processes on this machine; they share its cores.")
    ] = 1
    jobs_per_process: Annotated[
        int,
        Field(
            ge=0, description="Jobs after which a process ends and a fresh one takes its place; 0 is never."
        ),
    ] = 1000
    threads: Annotated[
        int, Field(ge=0, description="Threads per process; 0 divides the cores among the processes.")
    ] = 0
    gpu_memory_mb: Annotated[
        int,
        Field(
            ge=0,
            description="MiB of GPU memory that one process may take at most, 512 or more; 0 is no limit.",
        ),
        AfterValidator(_holds_a_session),
    ] = 4096
    heartbeat_ttl: Annotated[
        int,
        Field(
            ge=LEAST_HEARTBEAT_SECONDS, description="Seconds of silence after which a worker counts as dead."
        ),
    ] = HEARTBEAT_SECONDS
    maintenance_interval: Annotated[
        int, Field(ge=1, description="Seconds between looks for jobs whose worker died.")
    ] = 2
    orphan_interval: Annotated[
        timedelta,
        Field(
            ge=timedelta(minutes=1),
            description="Between two looks for files that no job names. Each lists the whole storage: with millions of "
            "files once a day is enough.",
        ),
    ] = timedelta(hours=1)
    orphan_limit: Annotated[
        Annotated[int, Field(ge=0)] | None,
        BeforeValidator(lambda given: None if given in ("", "none") else given),
        Field(
            description="Files that no job names and that may go to the trash at one look, or a tenth of all where "
            "that is less; where there are more, all stay. `none` lets any number go."
        ),
    ] = ORPHAN_LIMIT
    shutdown_grace: Annotated[
        int, Field(ge=0, description="Seconds for the job at work when the worker is told to stop.")
    ] = GRACE_SECONDS
    memory_bytes: Annotated[
        int,
        Field(
            ge=0,
            description="Memory that one process may hold (RLIMIT_DATA); a photograph that needs more fails alone. "
            "0 is no bound.",
        ),
    ] = MEMORY_BYTES

    sign_certificate: Annotated[
        _NoneIfEmpty,
        Field(
            description="File of the certificate chain (PEM) with which results are signed as content credentials "
            "(C2PA); by default none is. Needs the extra `provenance`."
        ),
    ] = None
    sign_key: Annotated[
        _NoneIfEmpty,
        Field(
            description="File of the private key (PEM) of that certificate; no process that opens photographs has it."
        ),
    ] = None

    def film_model(self) -> Path | None:
        """Return the file of the weights for old film, if it is there and another than the usual one.

        Raises:
            ModelRejected: the setting names a file that is not there; so do the next three.
        """
        path = self._beside("film_model_path")
        return None if path is None or path == self.model_path.absolute() else path

    def recognizer(self) -> Path | None:
        """Return the file of what tells old film, if it is there and there are weights to choose."""
        path = self._beside("recognizer_path")
        return path if self.film_model() else None

    def turner(self) -> Path | None:
        """Return the file of what tells which way is up, if it is there."""
        return self._beside("turner_path")

    def finder(self) -> Path | None:
        """Return the file of the network that finds damage, if it is there."""
        return self._beside("finder_path")

    def _beside(self, name: str) -> Path | None:
        """Return the path of a setting; by default a file beside the model, None where there is none."""
        path: Path | None = getattr(self, name)
        if path is None:
            return None
        if name not in self.model_fields_set:
            path = self.model_path.parent / path
            return path.absolute() if path.is_file() else None
        if not path.is_file():
            raise ModelRejected(
                f"PHOTOCHROM_{name.upper()} names {path}, and there is no such file. Give the path of an ONNX file, "
                "leave the setting out to use the one beside the model, or set it to nothing to use none."
            )
        return path.absolute()

    def share_of_threads(self) -> int:
        """Return the threads of one process: all processes together use each core once."""
        return self.threads or max(1, usable_cores() // self.processes)
