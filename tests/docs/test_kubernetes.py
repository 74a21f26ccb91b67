"""The example manifests are valid, say what the code understands, fit together, and every pod is hardened."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from photochrom import __version__
from service.settings import ServiceSettings
from support.servers.ports import free_port
from support.servers.running import ROOT
from workers.settings import WorkerSettings

FILES = sorted((ROOT / "docker" / "kubernetes").glob("*.yaml"))
TEXT = "".join(path.read_text() for path in FILES)
DOCUMENTS = [document for path in FILES for document in yaml.safe_load_all(path.read_text())]
PODS = {
    d["metadata"]["name"]: d["spec"]["template"]["spec"] for d in DOCUMENTS if "template" in d.get("spec", {})
}
KNOWN = {f"PHOTOCHROM_{name.upper()}" for s in (ServiceSettings, WorkerSettings) for name in s.model_fields}
OF_THE_QUEUE = {"PHOTOCHROM_QUEUE_PASSWORD", "QUEUE_PASSWORD", "REDIS_URL"}


def of_kind(kind: str) -> list[dict]:
    return [document for document in DOCUMENTS if document["kind"] == kind]


@pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda document: f"{document['kind']}-{document['metadata']['name']}"
)
def test_every_object_is_what_kubernetes_takes(document):
    if document["apiVersion"].startswith("keda.sh/"):  # no part of Kubernetes; its schema is looked at below
        assert document["kind"] == "ScaledObject"
    else:
        import kubernetes_validate  # takes three seconds, which every test process would spend

        kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)


def test_every_variable_is_a_setting_that_reads_its_value():
    given = of_kind("ConfigMap")[0]["data"]
    assert given.keys() <= KNOWN
    fields = {name.removeprefix("PHOTOCHROM_").lower(): value for name, value in given.items()}
    for settings in (ServiceSettings, WorkerSettings):
        of_it = {name: value for name, value in fields.items() if name in settings.model_fields}
        of_it = {name: yaml.safe_load(value) if value[0] == "[" else value for name, value in of_it.items()}
        settings(**of_it)
    for pod in PODS.values():
        for variable in pod["containers"][0].get("env", []):
            assert variable["name"] in KNOWN | OF_THE_QUEUE


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
        assert container["resources"]["requests"]["cpu"]
        assert container["image"].endswith(f":{__version__}")


@pytest.mark.parametrize("name", PODS)
def test_what_a_pod_mounts_is_there(name):
    owner = next(d for d in DOCUMENTS if d["metadata"]["name"] == name and "template" in d.get("spec", {}))
    claims = {claim["metadata"]["name"] for claim in owner["spec"].get("volumeClaimTemplates", [])}
    volumes = {volume["name"] for volume in PODS[name]["volumes"]} | claims
    assert {mount["name"] for mount in PODS[name]["containers"][0]["volumeMounts"]} == volumes
    assert owner["spec"]["selector"]["matchLabels"] == owner["spec"]["template"]["metadata"]["labels"]


def test_services_policies_and_scalers_point_at_pods_that_are_there():
    for service in of_kind("Service"):
        pod = PODS[service["spec"]["selector"]["app"]]
        ports = {port["containerPort"] for port in pod["containers"][0]["ports"]}
        for port in service["spec"]["ports"]:
            assert port.get("targetPort", port["port"]) in ports
    named = set(re.findall(r"matchLabels: \{app: ([\w-]+)\}", TEXT))
    assert named <= PODS.keys()
    targets = {
        d["spec"]["scaleTargetRef"]["name"] for d in DOCUMENTS if "scaleTargetRef" in d.get("spec", {})
    }
    assert targets <= PODS.keys()
    (ingress,) = of_kind("Ingress")
    backends = {path["backend"]["service"]["name"] for path in ingress["spec"]["rules"][0]["http"]["paths"]}
    assert backends <= {service["metadata"]["name"] for service in of_kind("Service")}


def reached(name: str) -> list[dict]:
    """The destinations that the policies let a pod speak with."""
    found = []
    for policy in of_kind("NetworkPolicy"):
        chosen = policy["spec"]["podSelector"]
        names = [chosen.get("matchLabels", {}).get("app")]
        names += [one for term in chosen.get("matchExpressions", []) for one in term["values"]]
        if name in names:
            found += policy["spec"].get("egress", [])
    return found


def test_whatever_no_policy_permits_is_forbidden():
    (nobody,) = [policy for policy in of_kind("NetworkPolicy") if policy["metadata"]["name"] == "nobody"]
    assert nobody["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert reached("queue") == []


@pytest.mark.parametrize("name", ["api", "webhooks", "worker", "worker-gpu"])
def test_pods_reach_queue_names_and_one_port_range_outside_without_the_clouds_own_addresses(name):
    queue, outside = [], []
    for egress in reached(name):
        for to in egress["to"]:
            if "podSelector" in to:
                queue.append((to["podSelector"]["matchLabels"]["app"], [p["port"] for p in egress["ports"]]))
            elif "ipBlock" in to:
                outside.append((to["ipBlock"]["except"], [port["port"] for port in egress["ports"]]))
            else:
                assert {port["port"] for port in egress["ports"]} == {53}
    assert queue == [("queue", [6379])]
    [(spared, ports)] = outside
    assert {"169.254.0.0/16", "168.63.129.16/32"} <= set(spared)
    assert ports == (list(ServiceSettings().webhook_ports) if name == "webhooks" else [443])
    if name == "webhooks":
        assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"} <= set(spared)


@pytest.mark.parametrize("name", PODS)
def test_nothing_of_a_pod_fills_its_node(name):
    pod = PODS[name]
    folders = [volume["emptyDir"]["sizeLimit"] for volume in pod["volumes"] if "emptyDir" in volume]
    assert all("emptyDir" in volume or "ephemeral" in volume for volume in pod["volumes"])
    limit = pod["containers"][0]["resources"]["limits"]["ephemeral-storage"]
    assert sum(int(size.removesuffix("Gi")) for size in folders) < int(limit.removesuffix("Gi"))


def test_uploads_lie_on_a_disk_of_their_own_that_holds_the_largest_archives():
    """The floor of free space is that of this disk: it says 507 before anything is evicted."""
    (data,) = [volume for volume in PODS["api"]["volumes"] if volume["name"] == "data"]
    size = data["ephemeral"]["volumeClaimTemplate"]["spec"]["resources"]["requests"]["storage"]
    assert int(size.removesuffix("Gi")) << 30 > 2 * ServiceSettings().max_archive_bytes


def test_the_queue_is_not_drained_by_itself_and_has_an_hour_to_load():
    budgets = {d["metadata"]["name"]: d["spec"] for d in of_kind("PodDisruptionBudget")}
    assert budgets["queue"]["maxUnavailable"] == 0
    probe = PODS["queue"]["containers"][0]["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] >= 3600


def test_the_secret_holds_every_key_that_is_asked_for():
    made = set(re.findall(r"--from-literal=([\w-]+)=", TEXT))
    assert set(re.findall(r"secretKeyRef: \{name: photochrom, key: ([\w-]+)\}", TEXT)) == made


@pytest.mark.parametrize("name", ["worker", "worker-gpu"])
def test_a_worker_may_finish_the_longest_job(name):
    told = {variable["name"]: variable.get("value") for variable in PODS[name]["containers"][0]["env"]}
    grace = int(told["PHOTOCHROM_SHUTDOWN_GRACE"])
    assert WorkerSettings().job_timeout <= grace < PODS[name]["terminationGracePeriodSeconds"] - 10


@pytest.mark.parametrize("name", ["worker", "worker-gpu"])
def test_a_photograph_fails_before_the_kernel_ends_a_process(name):
    (container,) = PODS[name]["containers"]
    told = {variable["name"]: variable.get("value") for variable in container["env"]}
    bound = int(told.get("PHOTOCHROM_MEMORY_BYTES", WorkerSettings().memory_bytes))
    limit = int(container["resources"]["limits"]["memory"].removesuffix("Gi")) << 30
    assert int(told.get("PHOTOCHROM_PROCESSES", 1)) * bound < limit


@pytest.mark.parametrize("name", ["webhooks", "worker", "worker-gpu"])
@pytest.mark.parametrize(("answers", "restarted"), [(False, False), (True, True)])
def test_who_is_dead_is_restarted_and_not_who_waits_for_the_queue(name, answers, restarted, redis_url):
    probe = PODS[name]["containers"][0]["livenessProbe"]
    url = redis_url if answers else f"redis://127.0.0.1:{free_port()}"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "REDIS_URL": url, "PATH": path}
    done = subprocess.run(probe["exec"]["command"], cwd=ROOT, env=env, timeout=60, check=False)
    assert (done.returncode != 0) is restarted


def test_workers_scale_by_all_that_wait():
    for scaler in of_kind("ScaledObject"):
        (trigger,) = scaler["spec"]["triggers"]
        assert trigger["type"] == "prometheus"
        assert trigger["metadata"]["query"] == 'max(photochrom_unfinished_jobs{state="queued"})'
        assert trigger["metadata"].keys() == {"serverAddress", "query", "threshold"}
        assert 0 < scaler["spec"]["minReplicaCount"] < scaler["spec"]["maxReplicaCount"]
