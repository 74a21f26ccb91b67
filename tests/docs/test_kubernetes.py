"""The example manifests say what the code understands, and every pod is hardened."""

import pytest
import yaml

from service.settings import ServiceSettings
from support.running import ROOT
from workers.settings import WorkerSettings

DOCUMENTS = list(yaml.safe_load_all((ROOT / "docker" / "kubernetes" / "photochrom.yaml").read_text()))
PODS = {
    d["metadata"]["name"]: d["spec"]["template"]["spec"] for d in DOCUMENTS if "template" in d.get("spec", {})
}


def test_every_variable_is_a_setting():
    known = {
        f"PHOTOCHROM_{name.upper()}" for s in (ServiceSettings, WorkerSettings) for name in s.model_fields
    }
    given = next(d["data"] for d in DOCUMENTS if d["kind"] == "ConfigMap")
    assert given.keys() <= known


@pytest.mark.parametrize("name", PODS)
def test_every_pod_is_hardened(name):
    pod = PODS[name]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"]
        assert not context["allowPrivilegeEscalation"]
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]


def test_workers_scale_by_all_that_wait():
    trigger = next(d for d in DOCUMENTS if d["kind"] == "ScaledObject")["spec"]["triggers"][0]["metadata"]
    assert trigger["query"] == 'max(photochrom_unfinished_jobs{state="queued"})'
