"""Where webhooks may lead: attacks on the check at saving, and on the one at sending."""

import datetime
import socket
import ssl
import threading
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from assessments.models import Delivery
from assessments.outbox.deliveries import deliver_waiting
from assessments.webhooks import addresses, posting
from assessments.webhooks.addresses import (
    NoSuchHost,
    NotAllowed,
    NotAnAddress,
    allowed_addresses,
    parsed_destination,
)
from assessments.webhooks.forms import WebhookForm

from ..webhook_receiver import webhook_receiver
from .making import make_webhook, networks

REAL_LOOKUP = socket.getaddrinfo

#: All of them lead inside, in one notation or another.
INSIDE = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0x7f.1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "0.0.0.0",
    "0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:a9fe:a9fe]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fe80::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fec0::1]",
    "[ff02::1]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "169.254.170.2",
    "168.63.129.16",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "203.0.113.1",
    "[2001:db8::1]",
]
#: No two programs read these alike, so they are no addresses at all.
MALFORMED = [
    "",
    "hooks.example.org/x",
    "//hooks.example.org/",
    "ftp://hooks.example.org/",
    "file:///etc/passwd",
    "gopher://hooks.example.org/",
    "https://",
    "https:///x",
    "https://user@hooks.example.org/",
    "https://user:password@hooks.example.org/",
    "https://hooks.example.org@127.0.0.1/",
    "https://hooks.example.org\\@127.0.0.1/",
    "https://127.0.0.1#@hooks.example.org/",
    "https://hooks.example.org/#x",
    "https://hooks.example.org:0/",
    "https://hooks.example.org:65536/",
    "https://hooks.example.org:x/",
    "https://hooks.example.org/ x",
    "https://hooks.example.org/x\r\nHost: inside",
    "https://hooks.example.org/x\n",
    "\thttps://hooks.example.org/",
    "https://hooks..example.org/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
    "https://[::1%25lo]/",
    "https://[::1/",
    "https://./",
    "https://hooks.example.org/" + "x" * 2000,
]


def leads_to(monkeypatch, *answers: str | list[str]) -> list[str]:
    """Each time the name is looked up it has the next of these addresses; returns what was asked."""
    asked = []

    def look_up(host, port, *args, **kwargs):
        if host != "hooks.example.org":
            return REAL_LOOKUP(host, port, *args, **kwargs)
        asked.append(host)
        answer = answers[min(len(asked), len(answers)) - 1]
        rows = [answer] if isinstance(answer, str) else answer
        return [(socket.AF_INET6 if ":" in row else socket.AF_INET, 1, 6, "", (row, port)) for row in rows]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


@pytest.mark.parametrize("host", INSIDE)
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_an_address_inside_is_not_allowed(host, scheme):
    # Some notations are no name on this system: that is as well.
    with pytest.raises((NotAllowed, NoSuchHost)):
        allowed_addresses(parsed_destination(f"{scheme}://{host}/x"))


@pytest.mark.parametrize("url", MALFORMED)
def test_what_can_be_read_in_two_ways_is_no_address(url):
    with pytest.raises(NotAnAddress):
        parsed_destination(url)


def test_a_public_address_is_allowed_with_encryption_only(monkeypatch):
    leads_to(monkeypatch, ["93.184.216.34", "2606:2800:220:1::1"])
    assert [str(a) for a in allowed_addresses(parsed_destination("https://hooks.example.org/x"))] == [
        "93.184.216.34",
        "2606:2800:220:1::1",
    ]
    with pytest.raises(NotAllowed):
        allowed_addresses(parsed_destination("http://hooks.example.org/x"))


@pytest.mark.parametrize("inside", ["127.0.0.1", "::1", "10.1.2.3", "::ffff:10.1.2.3"])
def test_a_name_with_two_answers_is_not_allowed_if_one_leads_inside(monkeypatch, inside):
    for answer in (["93.184.216.34", inside], [inside, "93.184.216.34"]):
        leads_to(monkeypatch, answer)
        with pytest.raises(NotAllowed):
            allowed_addresses(parsed_destination("https://hooks.example.org/"))


def test_a_named_network_is_allowed_and_nothing_beside_it(settings):
    settings.WEBHOOK_NETWORKS = networks("10.1.0.0/16", "fd00:1::/32")
    for host in ("10.1.2.3", "[::ffff:10.1.2.3]", "[fd00:1::5]"):
        for scheme in ("http", "https"):
            assert allowed_addresses(parsed_destination(f"{scheme}://{host}:8065/hooks/x"))
    for host in ("10.2.0.1", "127.0.0.1", "169.254.169.254", "[fd00:2::5]"):
        with pytest.raises(NotAllowed):
            allowed_addresses(parsed_destination(f"http://{host}/"))


def test_a_lookup_that_takes_too_long_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(addresses, "LOOKING_UP", 0.1)
    is_over, was_waited_for = threading.Event(), threading.Event()

    def look_up(*args, **kwargs):
        is_over.wait(60)
        was_waited_for.set()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(NoSuchHost):
        allowed_addresses(parsed_destination("https://hooks.example.org/"))
    assert not was_waited_for.is_set()
    is_over.set()


def sent(address):
    data = {"name": "#team", "kind": "slack", "address": address, "happenings": ["assessment.opened"]}
    return WebhookForm(data, of_team=True)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://2130706433/x", "not allowed"),
        ("https://localhost./x", "not allowed"),
        ("https://user@hooks.example.org/x", "begins with https://"),
        ("https://nowhere.invalid/x", "cannot be found"),
    ],
)
def test_the_form_says_what_is_wrong(address, said):
    form = sent(address)
    assert not form.is_valid()
    assert said in form.errors["address"][0]


def test_the_form_takes_a_public_address_and_shows_its_host_only(monkeypatch):
    leads_to(monkeypatch, "93.184.216.34")
    form = sent("https://Hooks.Example.org/services/T0/B0/secret?x=1")
    assert form.is_valid(), form.errors
    assert form.values()["host"] == "hooks.example.org"
    assert form.values()["address"].endswith("/services/T0/B0/secret?x=1")


@pytest.mark.django_db
def test_a_name_that_leads_inside_since_it_was_saved_is_not_connected_to(settings, monkeypatch, team, lead):
    """The check at saving passed; at sending the name leads to the receiver on this machine."""
    with webhook_receiver() as receiver:
        asked = leads_to(monkeypatch, "93.184.216.34", "127.0.0.1")
        form = sent(f"https://hooks.example.org:{receiver.port}/x")
        assert form.is_valid()
        webhook = make_webhook(team=team, by=lead, address=form.values()["address"])
        delivery = webhook.test(by=lead)
        assert deliver_waiting().postponed == 1
        delivery.refresh_from_db()
        assert delivery.problem == Delivery.Problem.FORBIDDEN
        assert len(asked) == 2
        assert receiver.connections == 0


@pytest.mark.django_db
def test_what_was_checked_is_what_is_connected_to(settings, monkeypatch, team, lead):
    """A name that leads elsewhere at a second look: there is no second look between the check and the connection."""
    settings.WEBHOOK_NETWORKS = networks("127.0.0.2/32")
    with webhook_receiver("127.0.0.2") as receiver:
        asked = leads_to(monkeypatch, "127.0.0.2", "127.0.0.1")
        webhook = make_webhook(team=team, by=lead, address=f"http://hooks.example.org:{receiver.port}/x")
        webhook.test(by=lead)
        assert deliver_waiting().sent == 1
        assert receiver.received[0].headers["host"] == f"hooks.example.org:{receiver.port}"
        assert len(asked) == 1


def certificate(tmp_path, name: str):
    """A certificate for this name that signs itself, and a context that trusts it; the paths of both files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    paths = tmp_path / f"{name}.pem", tmp_path / f"{name}.key"
    paths[0].write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "is_trusted", "state"),
    [
        ("hooks.example.org", True, ("sent", "")),
        ("other.example.org", True, ("waiting", "untrusted")),
        ("hooks.example.org", False, ("waiting", "untrusted")),
    ],
    ids=["right", "other-name", "unknown"],
)
def test_the_certificate_must_be_trusted_and_be_for_the_name(
    settings, monkeypatch, tmp_path, team, lead, name, is_trusted, state
):
    settings.WEBHOOK_NETWORKS = networks("127.0.0.0/8")
    paths = certificate(tmp_path, name)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*paths)
    if is_trusted:
        trust = ssl.create_default_context(cafile=str(paths[0]))
        monkeypatch.setattr(posting, "_trust", lambda: trust)
    with webhook_receiver(tls=server) as receiver:
        leads_to(monkeypatch, "127.0.0.1")
        webhook = make_webhook(team=team, by=lead, address=f"https://hooks.example.org:{receiver.port}/x")
        delivery = webhook.test(by=lead)
        deliver_waiting()
        delivery.refresh_from_db()
        assert (delivery.state, delivery.problem) == state


def test_the_handshake_gets_only_the_time_that_connecting_has_left(settings, monkeypatch):
    settings.WEBHOOK_NETWORKS = networks("127.0.0.0/8")
    clock = iter([0.0, 0.0, posting.LIMIT - 1])
    monkeypatch.setattr(posting, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    left = []

    def handshake(connection, *, server_hostname):
        left.append(connection.gettimeout())
        raise TimeoutError

    monkeypatch.setattr(posting, "_trust", lambda: SimpleNamespace(wrap_socket=handshake))
    with socket.create_server(("127.0.0.1", 0)) as slow:
        destination = parsed_destination(f"https://127.0.0.1:{slow.getsockname()[1]}/")
        with pytest.raises(posting.NotTaken) as refusal:
            posting.post(destination, b"{}", {})
    assert refusal.value.problem == Delivery.Problem.TOO_SLOW
    assert left == [1.0]


@pytest.mark.django_db
def test_a_receiver_that_hangs_in_the_handshake_costs_no_more_than_the_limit(settings, monkeypatch, team, lead):
    settings.WEBHOOK_NETWORKS = networks("127.0.0.0/8")
    monkeypatch.setattr(posting, "LIMIT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        webhook = make_webhook(team=team, by=lead, address=f"https://127.0.0.1:{silent.getsockname()[1]}/")
        delivery = webhook.test(by=lead)
        deliver_waiting()
        delivery.refresh_from_db()
        assert delivery.problem == Delivery.Problem.TOO_SLOW
