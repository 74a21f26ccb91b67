"""What docker-compose.yml promises of every service, and what its example of settings shows."""

import json
import re
import tomllib
from ipaddress import ip_address, ip_network

import pytest
import yaml
from packaging.requirements import Requirement

from service.access.origins import hosts_of
from service.settings import ServiceSettings
from support.servers.running import ROOT
from workers.supervisor import _COLD_SECONDS, MEMORY_BYTES

TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text()


def default_of(value: str) -> str:
    """What `${NAME:-default}` is where nobody sets NAME."""
    return re.sub(r"^\$\{\w+:-(.*)\}$", r"\1", value)


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_hardened_and_bounded(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["pids_limit"]
    assert service["mem_limit"]
    assert service["stop_grace_period"]
    assert not service.get("healthcheck", {}).get("disable"), "nobody would see that it is dead"


@pytest.mark.parametrize("name", SERVICES)
def test_every_port_is_of_this_machine_alone_unless_told(name):
    for port in SERVICES[name].get("ports", []):
        assert re.match(r"\$\{\w+:-127\.0\.0\.1:\d+\}:\d+$", port)


def test_a_worker_may_finish_the_longest_job():
    worker = SERVICES["worker"]
    longest = int(default_of(worker["environment"]["PHOTOCHROM_JOB_TIMEOUT"]))
    grace = int(default_of(worker["environment"]["PHOTOCHROM_SHUTDOWN_GRACE"]))
    stop = int(default_of(worker["stop_grace_period"]).removesuffix("s"))
    assert longest <= grace
    assert grace + _COLD_SECONDS < stop


@pytest.mark.parametrize("name", ["worker", "worker-gpu"])
def test_a_photograph_fails_before_the_kernel_ends_a_process(name):
    told = SERVICES[name]["environment"]
    bound = int(default_of(told["PHOTOCHROM_MEMORY_BYTES"]))
    assert bound == MEMORY_BYTES
    memory = default_of(SERVICES[name]["mem_limit"])
    assert int(default_of(told["PHOTOCHROM_PROCESSES"])) * bound < int(memory.removesuffix("g")) << 30


def test_the_gpu_s_worker_asks_for_an_nvidia_device_and_is_built_with_cuda():
    service = SERVICES["worker-gpu"]
    (device,) = service["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}
    assert service["build"]["target"] == "worker-gpu"
    assert "${LOCKED}/worker-gpu.txt" in DOCKERFILE
    locked = (ROOT / "requirements" / "worker-gpu.txt").read_text()
    assert {"onnxruntime-gpu", "nvidia-cudnn-cu13", "nvidia-cublas"} <= set(
        re.findall(r"^([\w-]+)==", locked, re.M)
    )


def test_nothing_that_lies_in_the_data_folder_is_run() -> None:
    run = DOCKERFILE.partition(" AS run\n")[2].partition("FROM ")[0]
    assert "WORKDIR /data" in run
    assert "PYTHONSAFEPATH=1" in run


def test_profiles_name_what_is_optional():
    profiles = {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service}
    assert profiles == {"worker-gpu": ["gpu"], "objects": ["objects"], "proxy": ["proxy"]}


def test_the_store_and_the_proxy_are_out_of_reach_for_who_does_not_need_them():
    beside = {name: set(service.get("networks", ["default"])) for name, service in SERVICES.items()}
    assert {name for name, networks in beside.items() if "objects" in networks} == {
        "objects", "api", "worker", "worker-gpu"
    }  # fmt: skip
    assert {name for name, networks in beside.items() if "edge" in networks} == {"proxy", "api"}


@pytest.mark.parametrize("name", ["queue", "objects"])
def test_what_keeps_things_reaches_nothing_outside(name):
    assert SERVICES[name]["networks"] == [name]
    assert COMPOSE["networks"][name] == {"internal": True}


@pytest.mark.parametrize("name", ["worker", "worker-gpu"])
def test_what_decodes_strangers_files_reaches_nothing_outside_by_itself(name):
    networks = {network: COMPOSE["networks"][network] for network in SERVICES[name]["networks"]}
    given = networks.pop("workers")
    assert default_of(given["internal"]) == "true"
    assert networks == {"queue": {"internal": True}, "objects": {"internal": True}}


def test_the_proxy_holds_as_many_streams_as_scaling_speaks_of():
    text = (ROOT / "docker" / "nginx.conf").read_text()
    told = {name: int(value) for name, value in re.findall(r"(worker_\w+) (\d+);", text)}
    streams = (
        told["worker_processes"] * told["worker_connections"] // 2
    )  # one from the caller, one to the API
    assert streams >= 10_000
    assert told["worker_rlimit_nofile"] > told["worker_connections"]
    assert int(SERVICES["proxy"]["mem_limit"].removesuffix("m")) << 20 > streams * 45_000


@pytest.mark.parametrize("name", SERVICES)
def test_no_log_grows_without_end(name):
    options = SERVICES[name]["logging"]["options"]
    assert options["max-size"].endswith("m")
    assert int(options["max-size"].removesuffix("m")) * int(options["max-file"]) <= 100


def test_by_itself_it_answers_names_of_this_machine_alone():
    told = {name: default_of(value) for name, value in SERVICES["api"]["environment"].items()}
    settings = ServiceSettings(
        host="0.0.0.0",  # as the image says
        auth=told["PHOTOCHROM_AUTH"],
        publish=told["PHOTOCHROM_PUBLISH"],
        domain=told["PHOTOCHROM_DOMAIN"],
        allowed_hosts=json.loads(told["PHOTOCHROM_ALLOWED_HOSTS"]),
    )
    assert "PHOTOCHROM_HOST=0.0.0.0" in DOCKERFILE
    assert hosts_of(settings) == {"localhost", "127.0.0.1", "::1", "0.0.0.0"}


def test_the_proxy_s_name_is_one_of_the_api_s():
    proxy, api = (SERVICES[name]["environment"]["PHOTOCHROM_DOMAIN"] for name in ("proxy", "api"))
    assert re.match(r"\$\{(\w+)", proxy)[1] == re.match(r"\$\{(\w+)", api)[1]


@pytest.mark.parametrize("variable", sorted(set(re.findall(r"\$\{(\w+)", TEXT))))
def test_the_example_shows_every_variable(variable):
    assert re.search(rf"^(# )?{variable}=", (ROOT / ".env.example").read_text(), re.MULTILINE)


def test_the_example_holds_no_secret():
    secrets = re.findall(
        r"^#? ?(\w*(?:PASSWORD|SECRET\w*KEY))=(.*)$", (ROOT / ".env.example").read_text(), re.M
    )
    assert secrets
    assert {value for _, value in secrets} == {""}


def test_everything_that_the_images_hold_is_pinned():
    assert re.search(r"^ARG BASE_IMAGE=\S+:\d+\.\d+\.\d+-\S+$", DOCKERFILE, re.MULTILINE)
    assert len(re.findall(r"^FROM \$\{BASE_IMAGE\} AS (?:build|run)$", DOCKERFILE, re.MULTILINE)) == 2
    assert {default_of(s["build"]["args"]["BASE_IMAGE"]) for s in SERVICES.values()} == {
        re.search(r"^ARG BASE_IMAGE=(\S+)$", DOCKERFILE, re.MULTILINE)[1]
    }
    installed = re.findall(r"pip install [^\n&]*", DOCKERFILE)
    assert all("${LOCKED}/" in line or "--no-index /wheel/" in line for line in installed)
    for name in re.findall(r"\$\{LOCKED\}/([a-z-]+\.txt)", DOCKERFILE):
        assert "--hash=sha256:" in (ROOT / "requirements" / name).read_text()


def test_the_proxy_keeps_the_status_of_an_api_that_is_away():
    """A 503 would say that nothing was begun, and have clients make again what may have been done."""
    text = (ROOT / "docker" / "nginx.conf").read_text()
    places = dict(re.findall(r"error_page (\d+) (@\S+);", text))
    assert places.keys() == {"502", "504"}
    assert text.count("error_page") == 2
    for status, place in places.items():
        said = re.search(rf"location {place} {{.*?return (\d+) '(.*?)';", text, re.DOTALL)
        assert said is not None
        assert (said[1], json.loads(said[2])["status"]) == (status, int(status))
        assert json.loads(said[2])["code"] == "api-away"


# What Docker gives to networks that name none: "default-address-pools" of its daemon, and the pool of its overlays.
POOLS = ["172.17.0.0/16", "172.18.0.0/15", "172.20.0.0/14", "172.24.0.0/13", "192.168.0.0/16", "10.0.0.0/8"]


def test_the_proxys_network_is_none_that_docker_may_have_given_away():
    edge = COMPOSE["networks"]["edge"]["ipam"]["config"][0]
    subnet, others = (ip_network(default_of(edge[name])) for name in ("subnet", "ip_range"))
    assert subnet.is_private
    assert not any(subnet.overlaps(ip_network(pool)) for pool in POOLS)
    proxy = ip_address(default_of(SERVICES["proxy"]["networks"]["edge"]["ipv4_address"]))
    assert others.subnet_of(subnet)
    assert proxy in subnet
    assert proxy not in others
    trusted = json.loads(default_of(SERVICES["api"]["environment"]["PHOTOCHROM_TRUSTED_PROXIES"]))
    assert trusted == [str(proxy)]


def test_the_backup_that_is_told_is_the_one_that_is_tried():
    """Without an engine: each command of the page is one of docker/test-compose, which runs them."""
    told = (ROOT / "docs" / "deployment.md").read_text()
    shown = re.findall(r"^docker (compose run .*?tar .*?)( [<>].*)?$", told, re.MULTILINE)
    tried = (ROOT / "docker" / "test-compose-faults").read_text()
    assert len(shown) == 4
    for command, _ in shown:
        assert command in tried


def test_what_workers_may_have_besides_is_locked():
    """By the names of extras, as in `WORKER_EXTRAS="provenance heic-write"`."""
    shown = re.search(r'WORKER_EXTRAS="(.*)"', (ROOT / ".env.example").read_text())[1].split()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for name in shown:
        locked = (ROOT / "requirements" / f"{name}.txt").read_text()
        for line in extras[name]:
            assert re.search(rf"^{Requirement(line).name}==.*\\$", locked, re.MULTILINE)
    assert SERVICES["worker"]["build"]["args"]["WORKER_EXTRAS"] == "${WORKER_EXTRAS:-}"
    assert DOCKERFILE.count("for extra in ${WORKER_EXTRAS}") == 2
