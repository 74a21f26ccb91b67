"""One `python -m workers.local` process, which colorizes one photograph at a time."""

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photochrom.errors import PhotochromError
from photochrom.photo.options import ColorizeOptions

from ..server import children
from .plan import Item


class ColoristBroken(PhotochromError):
    """The colorizing process cannot work at all (no runtime, no model); every photograph would fail."""

    code = "colorist-broken"


@dataclass(frozen=True)
class Outcome:
    """How one photograph ended: `detail` is empty on success."""

    source: Path
    code: str = ""
    detail: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether the result was written."""
        return not self.code


class Colorist:
    """Owns the process; starts another when a photograph crashes it."""

    def __init__(
        self,
        env: Mapping[str, str],
        reference: Path | None = None,
        repair_mask: Path | None = None,
        *,
        times: bool = False,
    ) -> None:
        """Make one.

        Args:
            env: the environment of the process.
            reference: a photograph whose palette is used.
            repair_mask: an image that says where to repair.
            times: whether results take their originals' times.
        """
        self._times = times
        self._env = env
        self._beside = {
            "reference": reference and str(reference.resolve()),
            "repair_mask": repair_mask and str(repair_mask.resolve()),
        }
        self._child: subprocess.Popen[str] | None = None

    def close(self) -> None:
        """Stop the process cleanly."""
        if self._child is not None:
            self._child.communicate()

    def kill(self) -> None:
        """Kill the process now; no partial result stays under the result's name."""
        if self._child is not None:
            self._child.kill()

    def restore(
        self,
        item: Item,
        options: ColorizeOptions,
        on_stage: Callable[[str], None],
        of_set: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """Colorize one photograph.

        Args:
            item: the photograph.
            options: what is asked for.
            on_stage: called as each stage begins.
            of_set: where it is one of a set, `sight` or `series` of the request.

        Raises:
            ColoristBroken: the process does not start.
        """
        child = self._running()
        try:
            self._ask(child, item, options, of_set or {})
            return self._answer(child, item, on_stage)
        except (EOFError, BrokenPipeError):
            code = child.wait()
            self._child = None
            return Outcome(
                item.source, "crashed", f"The colorizing process crashed on this file (exit code {code})."
            )

    def split(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Have a file split; return the event that it ends in.

        Raises:
            ColoristBroken: the process does not start.
        """
        return self._ended("split", request)

    def series(self, folder: Path, sights: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """Return what photographs are to know of their series, by their paths; nothing of those that are alone.

        Args:
            folder: of the results, to be named where it fails.
            sights: paths of the photographs, and of what each shows.

        Raises:
            ColoristBroken: the process does not start, or cannot do it.
        """
        event = self._ended("series", {"source": str(folder), "sights": sights})
        if event["event"] == "failed":
            raise ColoristBroken(f"The set of colours could not be found: {event['detail']}")
        return dict(event["series"])

    def _ended(self, task: str, request: Mapping[str, Any]) -> dict[str, Any]:
        child = self._running()
        assert child.stdin
        try:
            child.stdin.write(json.dumps({"task": task, **request}) + "\n")
            child.stdin.flush()
            return self._read(child)
        except (EOFError, BrokenPipeError):
            code = child.wait()
            self._child = None
            detail = f"The process crashed on this file (exit code {code})."
            return {"event": "failed", "source": request["source"], "code": "crashed", "detail": detail}

    def _running(self) -> "subprocess.Popen[str]":
        if self._child is None:
            self._child = subprocess.Popen(  # noqa: S603 - our own module
                children.module_command("workers.local"),
                env=children.environment(self._env),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            try:
                first = self._read(self._child)
            except EOFError:
                raise ColoristBroken(
                    "The colorizing process does not start; run `photochrom doctor` to see why."
                ) from None
            if first["event"] == "broken":
                raise ColoristBroken(first["detail"])
        return self._child

    def _ask(
        self, child: "subprocess.Popen[str]", item: Item, options: ColorizeOptions, of_set: Mapping[str, Any]
    ) -> None:
        assert child.stdin
        request = {
            "source": str(item.source.resolve()),
            "target": str(item.target.resolve()),
            "options": options.model_dump(mode="json"),
            **self._beside,
            "replace": item.replace,
            "times": self._times,
            **of_set,
        }
        child.stdin.write(json.dumps(request) + "\n")
        child.stdin.flush()

    def _answer(self, child: "subprocess.Popen[str]", item: Item, on_stage: Callable[[str], None]) -> Outcome:
        while True:
            event = self._read(child)
            if event["event"] == "stage":
                on_stage(event["stage"])
            elif event["event"] == "failed":
                return Outcome(item.source, event["code"], event["detail"])
            else:
                return Outcome(item.source, warnings=tuple(event["warnings"]))

    @staticmethod
    def _read(child: "subprocess.Popen[str]") -> dict[str, Any]:
        assert child.stdout
        if not (line := child.stdout.readline()):
            raise EOFError
        event: dict[str, Any] = json.loads(line)
        return event
