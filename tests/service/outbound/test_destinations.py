"""Where events may go, and that they go nowhere else, whatever a name server says."""

import asyncio
import json
import logging
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import pytest
import trustme
from hypothesis import assume, given
from hypothesis import strategies as st

from photochrom.errors import WebhookRejected
from photochrom.webhooks.record import Attempt
from service.outbound.destinations import PinnedNetwork, check_url, is_refused, system_resolver
from service.webhooks.sender import _CANNOT_CONNECT, Sender
from support.servers.ports import free_port
from support.servers.receiver import Receiver, make_ping, make_webhook, receiver

LOOPBACK = (ip_network("127.0.0.0/8"),)
REFUSED = {
    "this network": "0.0.0.0",
    "this network's hosts": "0.1.2.3",
    "loopback": "127.0.0.1",
    "all of loopback": "127.255.255.254",
    "private 10": "10.0.0.1",
    "private 172": "172.16.0.1",
    "private 172's end": "172.31.255.255",
    "private 192": "192.168.1.1",
    "CGNAT": "100.64.0.1",
    "CGNAT's end": "100.127.255.255",
    "link-local": "169.254.0.1",
    "cloud metadata": "169.254.169.254",
    "metadata of containers": "169.254.170.2",
    "Alibaba's metadata": "100.100.100.200",
    "Oracle's older metadata": "192.0.0.192",
    "Google's metadata 6": "fd20:ce::254",
    "Azure's host": "168.63.129.16",
    "mapped host of Azure": "::ffff:168.63.129.16",
    "IBM's services": "161.26.0.10",
    "IBM's services, endpoints": "166.9.48.1",
    "protocol assignments": "192.0.0.8",
    "documentation 1": "192.0.2.1",
    "documentation 2": "198.51.100.7",
    "documentation 3": "203.0.113.7",
    "6to4 relays": "192.88.99.1",
    "benchmarking": "198.18.0.1",
    "multicast": "224.0.0.1",
    "global multicast": "233.252.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "unspecified": "::",
    "loopback 6": "::1",
    "mapped loopback": "::ffff:127.0.0.1",
    "mapped private": "::ffff:10.1.2.3",
    "mapped metadata": "::ffff:169.254.169.254",
    "compatible": "::127.0.0.1",
    "compatible public": "::8.8.8.8",
    "translated (SIIT)": "::ffff:0:7f00:1",
    "NAT64 of loopback": "64:ff9b::127.0.0.1",
    "NAT64 of private": "64:ff9b::192.168.0.1",
    "local NAT64": "64:ff9b:1::8.8.8.8",
    "discard": "100::1",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "benchmarking 6": "2001:2::1",
    "ORCHID": "2001:20::1",
    "6to4 of loopback": "2002:7f00:1::1",
    "6to4 of public": "2002:808:808::1",
    "documentation 6": "2001:db8::1",
    "documentation 6 new": "3fff::1",
    "segment routing": "5f00::1",
    "unique local": "fd00::1",
    "unique local fc": "fc00::1",
    "AWS metadata 6": "fd00:ec2::254",
    "link-local 6": "fe80::1",
    "link-local 6 with a zone": "fe80::1%eth0",
    "site-local": "fec0::1",
    "multicast 6": "ff02::1",
    "global multicast 6": "ff0e::1",
}
PUBLIC = ("8.8.8.8", "1.1.1.1", "193.0.6.139", "2606:4700::6810:84e5", "2a00:1450::200e", "64:ff9b::8.8.8.8")


@pytest.mark.parametrize("address", REFUSED.values(), ids=REFUSED)
def test_what_is_not_everybodys_is_refused(address: str) -> None:
    assert is_refused(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_not(address: str) -> None:
    assert not is_refused(ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_address_in_another_coat_is_judged_as_itself(address: IPv4Address) -> None:
    number = int(address)
    for coat in (0xFFFF << 32, 0x64FF9B << 96):
        assert is_refused(IPv6Address(coat | number)) == is_refused(address)


@given(st.ip_addresses())
def test_what_python_knows_to_be_local_is_always_refused(address: IPv4Address | IPv6Address) -> None:
    assume(
        isinstance(address, IPv4Address) or not (address.ipv4_mapped or address in ip_network("64:ff9b::/96"))
    )
    local = address.is_private or address.is_loopback or address.is_link_local or address.is_multicast
    assert is_refused(address) or not (local or address.is_reserved or address.is_unspecified)


def test_networks_can_be_permitted_and_no_more_than_those() -> None:
    home = (ip_network("192.168.1.0/24"), ip_network("fd12::/16"))
    assert not is_refused(ip_address("192.168.1.20"), home)
    assert not is_refused(ip_address("::ffff:192.168.1.20"), home)
    assert not is_refused(ip_address("fd12::1"), home)
    for other in ("192.168.2.1", "127.0.0.1", "fd13::1"):
        assert is_refused(ip_address(other), home)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "photos.example/hook",
        "ftp://photos.example/",
        "file:///etc/passwd",
        "gopher://photos.example:70/_",
        "https://",
        "https:///hook",
        "https://:443/",
        "https://user:password@photos.example/",
        "https://user@photos.example/",
        "https://photos.example/#fragment",
        "https://photos.example:99999/",
        "https://photos.example:x/",
        "https://[::1/",
        "https://[nonsense]/",
        "https://photos.example/a b",
        "https://photos.example/\r\nX-Evil: 1",
        "https://photös.example/",
        "https://photos.example/" + "a" * 2048,
        "http://photos.example/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://hooks.localhost/",
        "https://127.0.0.1/",
        "https://[::1]:8443/",
        "https://169.254.169.254/latest/meta-data",
        "https://192.168.1.20/",
    ],
)
def test_what_is_no_https_address_of_everybody_is_rejected(url: str) -> None:
    with pytest.raises(WebhookRejected, match=r"\.$"):
        check_url(url, allow_http=False)


@pytest.mark.parametrize(
    "url", ["https://photos.example/hook?x=1", "https://photos.example:8443", "https://8.8.8.8/"]
)
def test_others_are_taken_as_they_are(url: str) -> None:
    assert check_url(url, allow_http=False) == url


def test_http_and_networks_at_home_are_taken_when_permitted() -> None:
    check_url("http://photos.example/", allow_http=True)
    check_url("https://192.168.1.20/", allow_http=False, allowed=[ip_network("192.168.1.20/32")])
    check_url("https://localhost/", allow_http=False, allowed=LOOPBACK)


@given(st.text(max_size=60))
def test_no_text_is_more_than_rejected(text: str) -> None:
    with suppress(WebhookRejected):
        assert check_url(text, allow_http=True) == text


class Names:
    """A name server: what each look-up of the name gives."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def sent(url: str, names: Names, *, permitted: bool = True, tls: ssl.SSLContext | None = None) -> Attempt:
    """Send a ping there; 127/8 stands for the internet if it is permitted."""
    network = PinnedNetwork(names, LOOPBACK if permitted else ())
    return asyncio.run(sent_by(network, url, tls))


async def sent_by(
    network: PinnedNetwork, url: str, tls: ssl.SSLContext | None = None, seconds: float = 30
) -> Attempt:
    webhook = make_webhook(url)
    return await Sender(network, seconds, tls or ssl.create_default_context()).send(
        webhook, make_ping(webhook)
    )


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def certified(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def at(name: str, to: Receiver) -> str:
    return f"{to.scheme}://{name}:{to.port}/hook?x=1"


def test_the_name_is_resolved_once_and_kept_for_host_and_tls(
    authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    served: list[str | None] = []
    context = certified(authority, "photos.example")
    context.sni_callback = lambda _socket, name, _context: served.append(name)
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    with receiver((200, {}, b"thanks"), tls=context) as to:
        attempt = sent(at("photos.example", to), names, tls=trusting)
    assert (attempt.status, attempt.response, attempt.error) == (200, "thanks", None)
    assert names.asked == ["photos.example"]
    assert served == ["photos.example"]
    assert to.requests[0].headers["host"] == f"photos.example:{to.port}"
    assert to.requests[0].path == "/hook?x=1"
    assert json.loads(to.requests[0].body)["type"] == "webhook.ping"


def test_a_certificate_of_another_name_or_authority_is_not_taken(
    authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    names = Names(["127.0.0.1"])
    with receiver(tls=certified(authority, "other.example")) as to:
        assert "certificate" in (sent(at("photos.example", to), names, tls=trusting).error or "")
    with receiver(tls=certified(trustme.CA(), "photos.example")) as to:
        assert "certificate" in (sent(at("photos.example", to), names, tls=trusting).error or "")
        assert to.requests == []


@pytest.mark.parametrize("address", REFUSED.values(), ids=REFUSED)
def test_a_name_that_leads_inside_is_not_connected_to(address: str) -> None:
    for answer in ([address], ["8.8.8.8", address], [address, "8.8.8.8"]):
        attempt = sent("https://photos.example/", Names(answer), permitted=False)
        assert attempt.status is None
        assert "not public" in (attempt.error or "")
        assert address not in (attempt.error or "")


def test_a_name_that_is_rebound_reaches_nothing_inside() -> None:
    """The first look finds what is permitted, the next one the inside: each delivery is judged by its own look."""
    with receiver() as to:
        names = Names(["127.0.0.1"], ["10.0.0.1"])
        assert sent(at("rebind.example", to), names).status == 204
        refused = sent(at("rebind.example", to), names)
        assert "not public" in (refused.error or "")
        assert len(to.requests) == 1


@pytest.mark.parametrize("spelled", ["127.1", "2130706433", "0x7f.0.0.1", "017700000001"])
def test_the_systems_odd_spellings_of_an_address_are_judged_as_the_address(spelled: str) -> None:
    network = PinnedNetwork(system_resolver())
    with receiver() as to:
        attempt = asyncio.run(sent_by(network, f"http://{spelled}:{to.port}/"))
        assert attempt.status is None
        assert to.requests == []


def test_the_next_address_is_tried_when_one_refuses() -> None:
    with receiver() as to:
        # Nothing listens on the others; the kernel says so at once.
        names = Names(["127.0.0.2", "127.0.0.3", "127.0.0.1"])
        assert sent(at("photos.example", to), names).status == 204


@contextmanager
def silent(address: str, port: int) -> Iterator[None]:
    """Answer no attempt to connect, neither yes nor no, as a machine that is switched off: a full backlog."""
    with ExitStack() as sockets:
        listening = sockets.enter_context(socket.socket())
        listening.bind((address, port))
        listening.listen(0)
        while True:
            caller = sockets.enter_context(socket.socket())
            caller.settimeout(0.3)
            try:
                caller.connect((address, port))
            except TimeoutError:
                break
        yield


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    with receiver() as to, silent("127.0.0.2", to.port):
        network = PinnedNetwork(Names(["127.0.0.2", "127.0.0.1"]), LOOPBACK)
        attempt = asyncio.run(sent_by(network, at("photos.example", to), seconds=9))
        assert attempt.status == 204
        assert attempt.seconds >= 3  # the first address had its third of the time


def test_names_of_one_owner_that_hang_leave_threads_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lookup cannot be broken off: who gives up waiting for it leaves a thread behind."""
    over, real = threading.Event(), socket.getaddrinfo

    def look_up(host: str, *rest: Any, **named: Any) -> Any:
        if host.endswith(".slow.example"):
            over.wait(60)
        return real("127.0.0.1", *rest, **named)

    async def deliveries(to: Receiver) -> tuple[list[Attempt], Attempt]:
        sender = Sender(PinnedNetwork(system_resolver(), LOOPBACK), 30, ssl.create_default_context())
        hasty = replace(sender, seconds=0.01)
        anns, bobs = (make_webhook(to.url).model_copy(update={"owner": one}) for one in ("ann", "bob"))
        hanging = [anns.model_copy(update={"url": f"http://{n}.slow.example/"}) for n in range(40)]
        try:
            lost = await asyncio.gather(*(hasty.send(each, make_ping(each)) for each in hanging))
            return lost, await sender.send(bobs, make_ping(bobs))
        finally:
            over.set()

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with receiver() as to:
        lost, arrived = asyncio.run(deliveries(to))
    assert arrived.accepted, arrived
    assert not any(attempt.accepted for attempt in lost)


def test_no_address_that_answers_is_said() -> None:
    with receiver() as to, silent("127.0.0.2", to.port):
        network = PinnedNetwork(Names(["127.0.0.2"]), LOOPBACK)
        attempt = asyncio.run(sent_by(network, at("photos.example", to), seconds=9))
        assert (attempt.status, attempt.error) == (None, _CANNOT_CONNECT)
        assert 3 <= attempt.seconds < 9


def test_a_name_without_an_address_is_said() -> None:
    async def unknown(_host: str, _port: int) -> Sequence[str]:
        raise OSError("Name or service not known")

    for resolve in (Names([]), unknown):
        attempt = asyncio.run(sent_by(PinnedNetwork(resolve), "https://photos.example/"))
        assert attempt.status is None
        assert attempt.error == _CANNOT_CONNECT


def test_why_a_connection_failed_is_not_told_to_who_registered_the_address(
    authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """Refused, unknown, inside, another port, another's certificate: it learns nothing of the network from here."""
    here = Names(["127.0.0.1"])
    with receiver(tls=certified(authority, "other.example")) as to, receiver() as plain:
        attempts = [
            sent(at("photos.example", to), here, tls=trusting),
            sent(f"https://photos.example:{plain.port}/", here, tls=trusting),
            sent(f"http://photos.example:{free_port()}/", here),
            sent("https://photos.example/", Names(["10.0.0.1"]), permitted=False),
            sent("https://photos.example:22/", Names(["8.8.8.8"]), permitted=False),
            sent("https://photos.example/", Names([]), permitted=False),
        ]
    assert {(one.status, one.error) for one in attempts} == {(None, _CANNOT_CONNECT)}


def test_the_log_tells_the_operator_why(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "service.webhooks.sender"):
        sent(f"http://photos.example:{free_port()}/", Names(["127.0.0.1"]))
    assert "ConnectError" in caplog.text


@pytest.mark.parametrize("port", [22, 25, 53, 2375, 3306, 5432, 6379, 9200, 10250, 65535])
def test_other_ports_than_those_of_the_web_are_refused(port: int) -> None:
    for host in ("photos.example", "8.8.8.8", "[2606:4700::6810:84e5]"):
        with pytest.raises(WebhookRejected, match="PHOTOCHROM_WEBHOOK_PORTS"):
            check_url(f"https://{host}:{port}/", allow_http=False)
        assert check_url(f"https://{host}:{port}/", allow_http=False, ports=(443, port))


@pytest.mark.parametrize(
    "url", ["https://a.example/", "https://a.example:8443/", "https://a.example:443/", "http://a.example/"]
)
def test_ports_of_the_web_are_taken(url: str) -> None:
    assert check_url(url, allow_http=True) == url


def test_in_a_permitted_network_any_port_is_reached_and_beside_it_none_but_the_web_s() -> None:
    with receiver() as to:
        assert sent(at("photos.example", to), Names(["127.0.0.1"])).status == 204
        refused = sent(at("photos.example", to), Names(["8.8.8.8"]))
        assert (refused.status, refused.error) == (None, _CANNOT_CONNECT)
