"""What stands around every view: headers, the proxy, probes, signed-out fragments, a database that is away."""

import gzip
import io
import ipaddress
import secrets

import pytest
from django.db import InterfaceError, OperationalError
from django.http import FileResponse, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

import maturity
from assessments.models import Team
from maturity import client_addresses, middleware
from maturity.compression import PageCompression

from .. import toy
from ..factories import make_membership, make_team

HTMX = {"HX-Request": "true"}


@pytest.fixture
def team(db):
    return make_team()


@pytest.fixture
def lead(team):
    return make_membership(team=team, role="lead").user


# Headers


def directives(response) -> dict[str, str]:
    policy = response.headers["Content-Security-Policy"]
    return dict(part.strip().split(" ", 1) for part in policy.split(";"))


def test_policy_allows_what_comes_from_the_site_itself_and_nothing_else(client, db):
    policy = directives(client.get("/sign-in/"))
    own = {"script-src", "style-src", "img-src", "font-src", "connect-src", "form-action"}
    assert policy == dict.fromkeys(own, "'self'") | dict.fromkeys(
        ("default-src", "base-uri", "frame-ancestors"), "'none'"
    )


@pytest.mark.parametrize("path", ["/sign-in/", "/nowhere/", "/healthz", "/readyz", "/favicon.ico", "/teams/"])
def test_every_answer_carries_the_headers(client, db, path):
    response = client.get(path)
    for name, value in middleware.SECURITY_HEADERS.items():
        assert response.headers[name] == value
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"


# HEAD


@pytest.mark.parametrize(
    "make",
    [
        lambda: HttpResponse(b"a page", headers={"Content-Length": "6"}),
        lambda: FileResponse(io.BytesIO(b"a file"), as_attachment=True, filename="answers.csv"),
    ],
    ids=["page", "file"],
)
def test_a_head_has_the_headers_of_its_page_and_no_body(make, rf):
    answer = middleware.heads_without_bodies(lambda request: make())
    page, head = answer(rf.get("/")), answer(rf.head("/"))
    assert (len(page.getvalue()), head.getvalue()) == (6, b"")
    assert head.headers == page.headers
    assert head.headers["Content-Length"] == "6"


# Compression


def compressed(content: bytes, *, accepts="br, gzip", **headers):
    """What the middleware makes of a page."""
    request = RequestFactory().get("/", headers={"Accept-Encoding": accepts})
    return PageCompression(lambda request: HttpResponse(content, headers=headers))(request)


def test_page_is_compressed_with_a_length_that_tells_nothing():
    page = b"<p>the same words</p>" * 100
    answers = [compressed(page) for _ in range(30)]
    assert {gzip.decompress(answer.content) for answer in answers} == {page}
    assert len({len(answer.content) for answer in answers}) > 5
    for answer in answers:
        assert int(answer.headers["Content-Length"]) == len(answer.content) < len(page)
        assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == ("gzip", "Accept-Encoding")


def test_page_that_is_compressed_differently_each_time_has_a_weak_etag():
    page = b"<p>the same words</p>" * 100
    assert compressed(page, ETag='"tag"').headers["ETag"] == 'W/"tag"'
    assert compressed(page, ETag='W/"tag"').headers["ETag"] == 'W/"tag"'


def test_what_is_short_or_compressed_or_not_asked_for_stays_as_it_is():
    page = b"<p>the same words</p>" * 100
    assert compressed(b"ok").content == b"ok"
    assert compressed(page, accepts="identity").content == page
    assert compressed(page, accepts="identity").headers["Vary"] == "Accept-Encoding"
    assert compressed(page, **{"Content-Encoding": "br"}).content == page
    # Compressed it would be longer.
    noise = secrets.token_bytes(300)
    assert compressed(noise).content == noise


def test_pages_are_compressed(client, db):
    assert client.get("/nowhere/", headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in client.get("/nowhere/").headers


@pytest.mark.parametrize("address", ["/teams/%00/", "/teams/?sort=%00", "/no%00where/", "/admin/%00", "/i/%00/"])
def test_a_null_character_in_an_address_is_no_fault(client, db, caplog, address):
    response = client.get(address)
    assert response.status_code == 400
    assert "could not understand" in response.content.decode()
    assert [record for record in caplog.records if record.exc_info] == []


def test_an_address_that_is_too_long_is_said_to_be(client, db):
    assert client.get(f"/api/?x={'x' * 7_900}").status_code == 200
    response = client.get(f"/api/?x={'x' * 8_100}")
    assert response.status_code == 414
    assert "too long" in response.content.decode()


def test_errors_carry_the_headers_too(client, db, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr(Team.objects.__class__, "visible_to", lambda *args: 1 / 0)
    client.force_login(make_membership(team=make_team(), role="lead").user)
    response = client.get("/teams/")
    assert response.status_code == 500
    assert directives(response)["default-src"] == "'none'"


def test_pages_are_kept_by_no_cache(client, team, lead):
    client.force_login(lead)
    assert client.get(team.get_absolute_url()).headers["Cache-Control"] == "no-store, private"


# The proxy


@pytest.fixture
def seen(rf, settings):
    """Address, network and scheme as views see them, behind two proxies of the network 10.0.0.0/8."""
    settings.TRUSTED_PROXY = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8:1::/48")]

    def ask(**headers):
        requests = []
        middleware.trusted_proxy(lambda request: requests.append(request) or HttpResponse())(rf.get("/", **headers))
        [request] = requests
        assert "HTTP_X_FORWARDED_FOR" not in request.META
        assert "HTTP_X_FORWARDED_PROTO" not in request.META
        return request.META["REMOTE_ADDR"], request.client_network, request.scheme

    return ask


@pytest.mark.parametrize(
    ("connected", "forwarded", "client_address"),
    [
        ("10.0.0.1", "192.0.2.7", "192.0.2.7"),
        # What a client claims stands to the left of what the proxy has seen.
        ("10.0.0.1", "127.0.0.1, 192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "192.0.2.7, 10.0.0.2", "192.0.2.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        # However a proxy writes it.
        ("10.0.0.1", "192.0.2.7:40001", "192.0.2.7"),
        ("10.0.0.1", '"192.0.2.7:40001"', "192.0.2.7"),
        ("10.0.0.1", "::ffff:192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "[::ffff:192.0.2.7]:40001", "192.0.2.7"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "[2001:db8::7]", "2001:db8::7"),
        ("10.0.0.1", "[2001:db8::7]:40001", "2001:db8::7"),
        ("10.0.0.1", '"[2001:db8::7]:40001"', "2001:db8::7"),
        ("10.0.0.1", "2001:db8:0:0:0:0:0:7:40001", "2001:db8::7"),
        ("10.0.0.1", "192.0.2.7:1, 10.0.0.2:40001", "192.0.2.7"),
        # The proxy itself may be reached by either kind of address.
        ("::ffff:10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("2001:db8:1::1", "192.0.2.7", "192.0.2.7"),
    ],
)
def test_address_is_that_of_the_nearest_hop_that_is_no_proxy(seen, connected, forwarded, client_address):
    address, network, _ = seen(REMOTE_ADDR=connected, HTTP_X_FORWARDED_FOR=forwarded)
    assert address == client_address
    assert network == ("2001:db8::/64" if ":" in client_address else client_address)


@pytest.mark.parametrize("connected", ["203.0.113.9", "8.8.8.8", "2a00:1450:4001:80b::200e", "192.168.1.7"])
def test_somebody_who_connects_directly_is_counted_by_their_own_network(seen, connected):
    network = "2a00:1450:4001:80b::/64" if ":" in connected else connected
    assert seen(REMOTE_ADDR=connected)[:2] == (connected, network)


@pytest.mark.parametrize("connected", ["8.8.8.8", "2a00:1450:4001:80b::200e"])
def test_nobody_outside_escapes_by_claiming_to_be_forwarded(seen, connected):
    assert seen(REMOTE_ADDR=connected, HTTP_X_FORWARDED_FOR="192.0.2.7") == seen(REMOTE_ADDR=connected)


@pytest.mark.parametrize(
    ("connected", "forwarded"),
    [
        # A proxy that is not named stands for everyone behind it.
        ("172.18.0.1", "192.0.2.7"),
        ("fd00::1", "192.0.2.7"),
        ("127.0.0.1", "192.0.2.7"),
        ("127.0.0.1", ""),
        ("::1", ""),
        # A socket of the file system has no address.
        ("", "127.0.0.1"),
        # One that is named and says nothing that can be read.
        ("10.0.0.1", ""),
        ("10.0.0.1", " , "),
        ("10.0.0.1", "192.0.2.7, unknown"),
        ("10.0.0.1", "_hidden"),
        ("10.0.0.1", "192.0.2.7:"),
        ("10.0.0.1", "[192.0.2"),
    ],
)
def test_client_that_cannot_be_known_is_counted_as_nobody(seen, connected, forwarded):
    assert seen(REMOTE_ADDR=connected, HTTP_X_FORWARDED_FOR=forwarded)[:2] == (connected, "")


def test_proxy_that_is_not_named_is_told_once_in_the_log(seen, monkeypatch):
    client_addresses.warn_of_unnamed_proxy.cache_clear()
    told = []
    monkeypatch.setattr(client_addresses.log, "warning", told.append)
    for _ in range(3):
        seen(REMOTE_ADDR="172.18.0.1", HTTP_X_FORWARDED_FOR="192.0.2.7")
    assert len(told) == 1
    assert "TRUSTED_PROXY" in told[0]


@pytest.mark.parametrize(
    ("connected", "forwarded", "scheme"),
    [("10.0.0.1", "https", "https"), ("192.0.2.9", "https", "http"), ("10.0.0.1", "gopher", "http")],
)
def test_scheme_is_taken_from_the_proxy_only(seen, connected, forwarded, scheme):
    assert seen(REMOTE_ADDR=connected, HTTP_X_FORWARDED_PROTO=forwarded)[2] == scheme


# Probes


def test_healthz_needs_neither_database_nor_session(client, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        response = client.get("/healthz", headers={"Host": "10.1.2.3"})
    assert (response.status_code, response.content) == (200, f"ok {maturity.__version__}\n".encode())


def test_readyz_says_that_the_database_does_not_answer(client, monkeypatch):
    def away(*args):
        raise OperationalError("secret host and password")

    monkeypatch.setattr(middleware, "fit_of", away)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"ready": False, "why": "the database does not answer"}


def test_readyz_is_ready_when_every_migration_is_applied(client, db):
    assert client.get("/readyz").json() == {"ready": True}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_answer_reading_only(client, db, path):
    assert client.post(path).status_code == 404
    assert client.head(path).status_code == 200


# Fragments for whom is signed out


def test_signed_out_fragment_sends_the_whole_page_to_sign_in_and_back(client, team):
    url = team.get_absolute_url()
    page = {"HX-Current-URL": f"http://testserver{url}?rule=largely"}
    response = client.get(url, headers=HTMX | page)
    assert (response.status_code, response.headers["HX-Redirect"]) == (200, f"/sign-in/?next={url}%3Frule%3Dlargely")


def test_signed_out_fragment_is_not_led_to_another_site(client, team):
    response = client.get(team.get_absolute_url(), headers=HTMX | {"HX-Current-URL": "https://evil.example.org/x"})
    assert response.headers["HX-Redirect"] == "/sign-in/?next=/"


def test_other_redirects_of_fragments_stay_as_they_are(client, lead):
    client.force_login(lead)
    response = client.get(reverse("favicon"), headers=HTMX)
    assert (response.status_code, "HX-Redirect" in response.headers) == (302, False)


# A token against forged requests that is out of date


@pytest.fixture
def strict(lead):
    client = Client(enforce_csrf_checks=True)
    client.force_login(lead)
    return client


def edit_url(team):
    return reverse("team-edit", args=[team.pk])


def test_old_token_is_answered_with_a_new_one_that_works(strict, team):
    url = edit_url(team)
    form = {"name": "Renamed", "unit": team.unit_id, "time_zone": "UTC"}
    page = strict.get(url)
    form |= {
        field: page.context["form"][field].value() or "" for field in page.context["form"].fields if field not in form
    }
    old = {"csrfmiddlewaretoken": "a" * 64}
    refused = strict.post(url, form | old, headers=HTMX)
    assert refused.status_code == 403
    token = refused.headers["X-CSRF-Token"]
    assert strict.post(url, form | {"csrfmiddlewaretoken": token}, headers=HTMX).status_code in {200, 302}
    team.refresh_from_db()
    assert team.name == "Renamed"


def test_browser_without_the_cookie_gets_both(strict, team):
    refused = strict.post(edit_url(team), {"csrfmiddlewaretoken": "a" * 64}, headers=HTMX)
    assert refused.headers["X-CSRF-Token"]
    assert refused.cookies["csrftoken"].value


@pytest.mark.parametrize(
    "headers",
    [HTMX | {"Origin": "https://evil.example.org"}, HTMX | {"Origin": "null"}, {}],
    ids=["other-site", "no-site", "page"],
)
def test_nobody_else_is_given_a_token(strict, team, headers):
    refused = strict.post(edit_url(team), {"csrfmiddlewaretoken": "a" * 64}, headers=headers)
    assert refused.status_code == 403
    assert "X-CSRF-Token" not in refused.headers


def test_lost_right_brings_no_token(client, team):
    client.force_login(make_membership(team=team, role="viewer").user)
    refused = client.post(edit_url(team), {"name": "Renamed"}, headers=HTMX)
    assert refused.status_code == 403
    assert "X-CSRF-Token" not in refused.headers


# A database that is away


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_lost_database_gives_a_page_that_says_so_and_nothing_of_the_error(client, lead, monkeypatch, error, headers):
    client.force_login(lead)
    client.raise_request_exception = False

    def away(*args, **kwargs):
        raise error("connection to server at 10.1.2.3 failed: password for maturity")

    monkeypatch.setattr("assessments.organisation.team_views.latest_by_team", away)
    response = client.get(reverse("teams"), headers=headers)
    page = response.content.decode()
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert "The database is temporarily unavailable" in page
    assert "10.1.2.3" not in page
    assert "password for" not in page


def test_pages_for_errors_need_no_database(client, lead, monkeypatch):
    """No query may stand between the error and its page: it would fail again."""
    assessment = toy.start(team=lead.memberships.get().team, by=lead)
    client.raise_request_exception = False
    client.force_login(lead)

    def away(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr("assessments.web.session_store.SessionStore.load", away)
    monkeypatch.setattr("assessments.permissions.access.roles_in", away)
    assert client.get(assessment.get_absolute_url()).status_code == 503
