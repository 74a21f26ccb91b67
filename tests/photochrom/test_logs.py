import json
import logging

import pytest

from photochrom import logs
from photochrom.logs import LogFormat, about

LOG = logging.getLogger("some.module")


@pytest.fixture(autouse=True)
def _restored():
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before, level


def test_json_has_one_object_a_line_with_ids_and_extras(capsys):
    logs.configure(LogFormat.JSON)
    with about(request_id="r1"), about(job_id="j1"):
        LOG.warning("Two lines:\n%s", "second", extra={"seconds": 0.5})
    LOG.info("outside")
    within, outside = map(json.loads, capsys.readouterr().err.splitlines())
    assert within["message"] == "Two lines:\nsecond"
    assert (within["level"], within["logger"]) == ("WARNING", "some.module")
    assert (within["request_id"], within["job_id"], within["seconds"]) == ("r1", "j1", 0.5)
    assert {"time", "pid"} <= within.keys()
    assert not {"ids", "request_id"} & outside.keys()


def test_json_keeps_a_traceback_within_its_line(capsys):
    logs.configure(LogFormat.JSON)
    try:
        int("inside")
    except ValueError:
        LOG.exception("It failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError: invalid literal" in json.loads(line)["exc_info"]


def test_text_ends_with_the_ids(capsys):
    logs.configure(LogFormat.TEXT)
    with about(job_id="j1"):
        LOG.info("Done")
    assert capsys.readouterr().err.rstrip().endswith("INFO some.module: Done job_id=j1")
