import json
import re

from support.servers.running import ROOT

BOARD = json.loads((ROOT / "docker" / "grafana" / "photochrom.json").read_text())
SUFFIXES = ("_total", "_bucket", "_count", "_sum")


def test_the_dashboard_asks_for_metrics_that_exist(client, photo, finish):
    finish(client.post("/v1/jobs", files={"photo": photo}).json()["id"])
    text = client.get("/metrics").text
    asked = {
        name
        for panel in BOARD["panels"]
        for target in panel["targets"]
        for name in re.findall(r"photochrom_\w+", target["expr"])
    }
    known = set(re.findall(r"^# TYPE (photochrom_\w+)", text, re.MULTILINE))
    assert {name for name in asked if not {name, *(name.removesuffix(s) for s in SUFFIXES)} & known} == set()


def test_the_document_names_every_metric(client):
    known = set(re.findall(r"^# TYPE (photochrom_\w+)", client.get("/metrics").text, re.MULTILINE))
    document = (ROOT / "docs" / "deployment.md").read_text()
    assert {name for name in known if name not in document and not name.endswith("_created")} == set()
